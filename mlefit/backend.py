"""Keras runs on TensorFlow: asked before Keras is imported, whose own errors would speak of other things."""

import os


def require_tensorflow() -> None:
    """Raise an ImportError if Keras is set to another backend, by the environment or by its own file."""
    name = os.environ.get("KERAS_BACKEND", "tensorflow")
    if name == "tensorflow":
        import keras

        name = keras.config.backend()
    if name != "tensorflow":
        raise ImportError(
            f"mlefit needs Keras on TensorFlow, and its backend is {name!r}: set KERAS_BACKEND to "
            "'tensorflow', before Python starts"
        )

"""Copies of models, by pickle and by copy: made as the model was, then given what has changed since."""

from typing import Any

import keras
import tensorflow as tf

from mlefit.models.parameter import Parameter


def remade(kind: type, args: tuple, kwargs: dict) -> Any:
    """Return a model made as another was."""
    return kind(*args, **kwargs)


def state(model: Any, plain: set[str]) -> dict:
    """Return what of a model its constructor does not bring back: attributes set since, values of variables.

    Args:
        model: a `Model`.
        plain: the attributes that any model has.
    """
    return {
        "attributes": {
            n: _untracked(v) for n, v in vars(model).items() if n not in plain and not _of_keras(v)
        },
        "built from": model.get_build_config() if model.built else None,
        "parameters": [(p.name, p.entries) for p in model.parameters.values()],
        "weights": model.get_weights(),
    }


def _of_keras(value):
    """Whether a value is made of variables, which belong to one model."""
    if isinstance(value, list | tuple | set):
        return any(map(_of_keras, value))
    if isinstance(value, dict):
        return any(map(_of_keras, value.values()))
    return isinstance(value, Parameter | keras.Variable | keras.layers.Layer | tf.Variable)


def _untracked(value):
    """A value with plain lists and dicts for those that Keras puts in their place, which do not pickle."""
    if type(value).__module__ != "keras.src.utils.tracking":
        return value
    kind = type(value).__base__
    if isinstance(value, dict):
        return kind((key, _untracked(item)) for key, item in value.items())
    return kind(map(_untracked, value))


def restore(model: Any, state: dict) -> None:
    """Give a model that was made anew what another had, as `state` returned it."""
    for name, value in state["attributes"].items():
        setattr(model, name, value)
    if state["built from"] and not model.built:
        model.build_from_config(state["built from"])
    if [p.name for p in model.parameters.values()] != [name for name, _ in state["parameters"]]:
        raise TypeError(
            f"{type(model).__name__} makes parameters later than in __init__ or build, so it cannot be copied"
        )
    for parameter, (_, entries) in zip(model.parameters.values(), state["parameters"], strict=True):
        parameter.entries = entries
    model.set_weights(state["weights"])

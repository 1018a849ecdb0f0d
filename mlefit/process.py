"""Where TensorFlow can compute: not in a graph being traced, and not in a fork of a process that ran it."""

import os

import tensorflow as tf

_forked = []  # not empty in a process that was forked from one that had used TensorFlow


def require_numbers() -> None:
    """Raise a RuntimeError where TensorFlow would hang, or only note down what it is to do."""
    if tf.inside_function():
        raise RuntimeError("call it outside of tf.function: inside, there are no numbers yet")
    if _forked:
        raise RuntimeError(
            "this process was forked from one that had used TensorFlow, whose threads a fork does not have: "
            "it would hang. Start processes by multiprocessing.get_context('spawn'), or fork before the "
            "first use"
        )


def _note_fork():
    """Note in a child whether its parent had used TensorFlow: then the number of its threads is fixed."""
    threads = tf.config.threading
    before = threads.get_inter_op_parallelism_threads()
    try:
        threads.set_inter_op_parallelism_threads(before + 1)
        threads.set_inter_op_parallelism_threads(before)
    except RuntimeError:
        _forked.append(os.getpid())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)

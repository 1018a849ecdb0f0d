"""How a step is run in the scope of a `tf.distribute` strategy: each replica takes its share of a batch."""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

from mlefit.descent.batches import Batch
from mlefit.descent.steps import COMPILE, check_loss
from mlefit.descent.variables import Variable, native


class Replicas:
    """A run's steps on the replicas of a strategy, the same as those of one device but for rounding.

    A replica computes the mean over its own rows. Keras adds the gradients of the replicas up, so each is
    multiplied by its replica's share of a full batch first: without it, equal shares would give as many
    times the gradient as there are replicas, and unequal ones a mean that no row has agreed to.

    Args:
        strategy: a `tf.distribute.Strategy`, in force.
        loss, variables, optimizer, size, compile: as for `steps.Steps`.

    Raises:
        ValueError: for variables or an optimizer made outside of its scope, and what strategies cannot do.
    """

    def __init__(
        self,
        strategy: tf.distribute.Strategy,
        loss: Callable[..., tf.Tensor],
        variables: Sequence[Variable],
        optimizer: keras.optimizers.Optimizer,
        size: int,
        compile: str,
    ) -> None:
        if compile == "xla":
            raise ValueError("compile='xla' does not work in a strategy's scope: take 'graph'")
        if optimizer.gradient_accumulation_steps:
            raise ValueError(
                "optimizer accumulates gradients, each replica its own: in a strategy's scope take larger "
                "batches"
            )
        moved = native(variables)
        clips = any((optimizer.clipnorm, optimizer.global_clipnorm, optimizer.clipvalue))

        def step(weights, batch):
            with tf.GradientTape() as tape:
                value = loss(*batch)
                scaled = value * tf.cast(weights[0], value.dtype)
            gradients = tape.gradient(scaled, moved)
            if clips:  # Keras clips before it adds up: the first replica brings the sum, the others nothing.
                replica = tf.distribute.get_replica_context()
                gradients = replica.all_reduce(
                    tf.distribute.ReduceOp.SUM, [tf.convert_to_tensor(g) for g in gradients]
                )
                first = tf.equal(replica.replica_id_in_sync_group, 0)
                gradients = [tf.where(first, g, tf.zeros_like(g)) for g in gradients]
            optimizer.apply_gradients(zip(gradients, moved, strict=True))
            return value * tf.cast(weights[1], value.dtype)

        def value(weights, batch):
            found = loss(*batch)
            return found * tf.cast(weights[1], found.dtype)

        def together(function):
            return self._compiled(
                lambda *parts: strategy.reduce("SUM", strategy.run(function, args=parts), axis=None)
            )

        self._strategy, self._loss, self._size, self._compiled = strategy, loss, size, COMPILE[compile]
        self._step, self._value = together(step), together(value)

    def check(self, variables: Sequence[Variable], batch: Batch) -> None:
        """Run the loss once, so that a mistake is told in plain words and before any step."""

        def check(weights, part):
            check_loss(self._loss, native(variables), part)

        self._compiled(lambda *parts: self._strategy.run(check, parts))(*self._split(batch))

    def step(self, batch: Batch) -> float:
        """Take a step, and return the loss on the whole batch before."""
        return float(self._step(*self._split(batch)))

    def value(self, batch: Batch) -> tf.Tensor:
        """Return the loss on a whole batch."""
        return self._value(*self._split(batch))

    def mean(self, batches: Iterable[Batch]) -> float:
        """Return the mean of the loss over the rows of batches, all of them at this one point."""
        total, rows = 0.0, 0
        for batch in batches:
            total += batch.rows * float(self.value(batch))
            rows += batch.rows
        return total / rows

    def _split(self, batch):
        """Each replica's part, of as many rows as the others' or one fewer, and its two weights.

        The weights are its share of a full batch and of this one. A replica for which there is no row gets
        one that counts nothing.
        """

        def part(context):
            replica, many = context.replica_id_in_sync_group, context.num_replicas_in_sync
            low, high = (batch.rows * k // many for k in (replica, replica + 1))
            weights = np.array([(high - low) / self._size, (high - low) / batch.rows])
            return tf.constant(weights), batch.read(slice(low, high) if high > low else slice(0, 1))

        return self._strategy.experimental_distribute_values_from_function(part)


def strategy_in_force() -> tf.distribute.Strategy | None:
    """Return the strategy in whose scope this is called, or None."""
    return tf.distribute.get_strategy() if tf.distribute.has_strategy() else None


def is_chief(strategy: tf.distribute.Strategy | None) -> bool:
    """Return whether this process writes what is written once: the first worker, or the only process."""
    resolver = getattr(strategy, "cluster_resolver", None)
    if resolver is None or not resolver.task_type:
        return True
    has_chief = "chief" in resolver.cluster_spec().jobs
    return resolver.task_type == "chief" or (not has_chief and resolver.task_id == 0)


def require_in_scope(variables: Sequence[Variable], optimizer: keras.optimizers.Optimizer) -> None:
    """Raise a ValueError unless variables and optimizer were made in the scope in which they are trained."""
    here = tf.distribute.get_strategy()
    if isinstance(here, tf.distribute.ParameterServerStrategy):
        raise ValueError("train splits batches over replicas in step: it takes no ParameterServerStrategy")
    for name, variable in [
        *((f"variables[{i}]", variable) for i, variable in enumerate(native(variables))),
        *(("optimizer", variable) for variable in native(optimizer.variables)[:1]),
    ]:
        if not here.extended.variable_created_in_scope(variable):
            raise ValueError(
                f"{name} was made outside of the strategy's scope, or train is called outside: make "
                "variables and optimizer, and call train, inside `with strategy.scope():`"
            )


def require_agreement(
    strategy: tf.distribute.Strategy, about: Mapping[str, object], call: tuple, steps: int, at: object
) -> None:
    """Raise a ValueError, in all workers, unless they were called alike and have taken as many steps.

    Args:
        strategy: the strategy in force.
        about: what tells the data from others.
        call: how many steps are to be taken, the tolerance and how they are compiled.
        steps: how many steps this worker has taken.
        at: what the checkpoint is called.
    """
    resolver = getattr(strategy, "cluster_resolver", None)
    spec = resolver.cluster_spec() if resolver else None
    if not spec or sum(map(spec.num_tasks, spec.jobs)) < 2:
        return
    mine = np.array([[*(zlib.crc32(repr(part).encode()) for part in (about, call)), steps]])
    everyone = strategy.experimental_distribute_values_from_function(lambda context: tf.constant(mine))
    data, calls, taken = (set(part.tolist()) for part in strategy.gather(everyone, axis=0).numpy().T)
    if len(data) > 1:
        raise ValueError(
            "data differ between the workers: each must give all of it, in the same order (a shuffle needs a "
            "seed), and train takes each worker's share"
        )
    if len(calls) > 1:
        raise ValueError("steps, tolerance or compile differ between the workers: call train alike in all")
    if len(taken) > 1:
        raise ValueError(
            f"{at} is not the same for all workers: {', '.join(map(str, sorted(taken)))} steps have "
            "been taken. Give a path that all of them read"
        )


@contextmanager
def lost_workers(strategy: tf.distribute.Strategy | None, steps: Sequence[float], at: object):
    """Turn the error of a collective operation, whose other workers have gone, into one that says so.

    Args:
        strategy: the strategy in force, or None.
        steps: the losses of the steps taken so far.
        at: what the checkpoint is called; None if there is none.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if strategy is None or "ollective" not in str(error):
            raise
        way_on = (
            f"start all of them again with {at}, which has the steps up to its last writing"
            if at
            else "start all of them again; with checkpoint= the run would go on where it stopped"
        )
        raise ConnectionError(
            f"another worker has stopped or cannot be reached, after step {len(steps)}: {way_on}"
        ) from error

"""What the rest of the package asks of a model: its routes, its link, its prior, how it draws data."""

import functools
from collections.abc import Callable

import tensorflow as tf

from mlefit.models.model import BY_PYTHON, Model, one_type

# What beside a prior a class may hold and still be searched as its parent is, and by which routes.
_BESIDE = BY_PYTHON | {"__init__", "log_prior", "simulate", "cdf"}
_SEARCHES = {"linear predictor", "newton"}


def declared_routes(model: Model) -> tuple[str, ...]:
    """Return the routes that a model's own class names; none if its log-density is another's.

    A class that adds nothing but a prior is searched as its parent is.
    """
    if vars(model).keys() & {"log_prob", "call", "log_prior"}:
        return ()
    kind = type(model)
    own = kind._Model__routes
    if own or "log_prior" not in vars(kind):
        return own
    parent = kind.__mro__[1]
    new = {name for name in vars(kind) if not name.startswith("_Model__")} - _BESIDE
    if not issubclass(parent, Model) or any(hasattr(parent, name) for name in new):
        return ()
    return tuple(route for route in parent._Model__routes if route in _SEARCHES)


def has_prior(model: Model) -> bool:
    """Whether a model defines a `log_prior`, so that its fit is MAP."""
    return "log_prior" in vars(model) or type(model).log_prior is not Model.log_prior


def log_prior(model: Model) -> tf.Tensor:
    """Return a model's `log_prior`, a float64 tensor `()`; an error if it is not one number."""
    with one_type("log_prior"):
        found = model.log_prior()
    if found is None:
        raise ValueError("log_prior must return one number, got None")
    found = tf.convert_to_tensor(found)
    if found.shape.rank != 0:
        raise ValueError(f"log_prior must return one number, got shape {tuple(found.shape)}: sum it")
    return tf.cast(found, tf.float64)


def own(model: Model, name: str) -> Callable:
    """Return a model's `simulate` or `cdf`; that of `Model`, which says what to define, if it has none.

    One that stands above the class that defines the log-density is another density's.

    Examples:
        >>> import mlefit
        >>> class Wide(mlefit.Gaussian):
        ...     def log_prob(self, x):
        ...         return mlefit.densities.student_t(x, self.mean(), self.stddev(), 3.0)
        >>> own(Wide(), "cdf")([1.0])
        Traceback (most recent call last):
        NotImplementedError: Wide must define cdf(*data) beside its log_prob: P(Y < y) and P(Y <= y)
    """
    if name in vars(model):
        return vars(model)[name]
    if "log_prob" not in vars(model) and "call" not in vars(model):
        for kind in type(model).__mro__:
            if name in vars(kind):
                return getattr(model, name)
            if "log_prob" in vars(kind) or "call" in vars(kind):
                break
    return functools.partial(getattr(Model, name), model)


def link_of(model: Model) -> str | None:
    """Return the link of a regression, such as `"logit"`; None for other models."""
    return model._Model__link


def is_curve(model: Model) -> bool:
    """Whether a model is a curve through its own `call`, whatever its noise and its prior."""
    return any("curve" in vars(kind).get("_Model__routes", ()) for kind in type(model).__mro__)


def keeps_its_line(model: Model) -> bool:
    """Whether a regression's predictor is the line of the class that gave it its link.

    A subclass with a `call` of its own has another predictor, which slopes and intercept do not tell.
    """
    kinds = type(model).__mro__
    called, linked = (
        next(i for i, kind in enumerate(kinds) if name in vars(kind)) for name in ("call", "_Model__link")
    )
    theirs = linked <= called or kinds[called].__module__.startswith("mlefit.models.")
    return theirs and "call" not in vars(model)


def set_link(model: Model, link: str) -> None:
    """Give one model a link, where its class has several to choose from."""
    model._Model__link = link

"""One style, which reads on white and on dark pages."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from mlefit import columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Legible on both grounds: a grey half-way between them, and four of the colours of Okabe and Ito (2008).
INK = "#7b7f87"
BLUE, VERMILION, GREEN, PURPLE = COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"]
STYLE: dict[Any, Any] = {  # Any: Matplotlib's own type lists all keys there are.
    "figure.figsize": (6.4, 4.0),
    "svg.hashsalt": "mlefit",
    **dict.fromkeys(["figure.facecolor", "axes.facecolor", "savefig.facecolor"], "none"),
    **dict.fromkeys(["font.size", "axes.labelsize", "axes.titlesize"], 11.0),
    **dict.fromkeys(["xtick.labelsize", "ytick.labelsize", "legend.fontsize"], 10.0),
    **dict.fromkeys(["text.color", "axes.labelcolor", "axes.titlecolor", "axes.edgecolor"], INK),
    **dict.fromkeys(["xtick.color", "ytick.color", "grid.color"], INK),
    **dict.fromkeys(["axes.spines.top", "axes.spines.right", "legend.frameon"], False),
    **dict.fromkeys(["figure.constrained_layout.use", "savefig.transparent", "axes.grid"], True),
    "grid.alpha": 0.25,
    "lines.linewidth": 2.0,
    "axes.prop_cycle": f"cycler('color', {COLOURS})",
}


def use_style() -> None:
    """Make `STYLE` the style of every figure; an SVG saved with `metadata={"Date": None}` then repeats.

    Examples:
        >>> import matplotlib
        >>> with matplotlib.rc_context():
        ...     use_style()
    """
    import matplotlib

    matplotlib.rcParams.update(STYLE)


@contextmanager
def drawing(ax: "Axes | None", xlabel: str, ylabel: str) -> "Generator[Axes]":
    """A scope with axes in the style: those given, or of a new figure."""
    import matplotlib.pyplot as plt

    with plt.rc_context(STYLE):
        ax = plt.subplots()[1] if ax is None else ax
        ax.set(xlabel=xlabel, ylabel=ylabel)
        yield ax


def single_columns(**named: Any) -> tuple[np.ndarray, ...]:
    """Return the named observations as float64 arrays `(n,)`, or raise an error that names one."""
    found = columns.observations(**named)
    for name, column in zip(named, found, strict=True):
        if column.ndim != 1:
            raise ValueError(f"{name} must have shape (n,), got shape {column.shape}")
    return found

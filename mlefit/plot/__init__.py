"""Figures in one style, which reads on white and on dark pages; each function returns the axes it drew on.

Matplotlib is imported here alone, and when a figure is drawn. This room imports `inference`,
`checks` and `columns`.
"""

from mlefit.plot.data import data_and_line, histogram, normal_quantiles
from mlefit.plot.fitted import contour, profile, quantiles
from mlefit.plot.search import likelihood_curve, loss, path
from mlefit.plot.style import COLOURS, INK, STYLE, use_style

__all__ = [
    "COLOURS",
    "INK",
    "STYLE",
    "contour",
    "data_and_line",
    "histogram",
    "likelihood_curve",
    "loss",
    "normal_quantiles",
    "path",
    "profile",
    "quantiles",
    "use_style",
]

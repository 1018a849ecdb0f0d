"""Where a result that an earlier mlefit pickled looks for its parts.

A pickle names its classes and functions by their place. Those of version 0.1 were `mlefit.result.FitResult`
and, for the profiles of a line, `mlefit.linear_fit._profile`: both places lead here.
"""

import sys
import types

import numpy as np

from mlefit.inference import result
from mlefit.inference.intervals import Line


def profile_of_a_line(
    coefficients: np.ndarray, errors: np.ndarray, stddev: float, nobs: int, index: int, quantile: float
) -> tuple[float, float]:
    """Return the ends of a profile interval, as version 0.1 had them."""
    return Line(coefficients, errors, stddev, nobs).profile(index, quantile)


def lead_here() -> None:
    """Let the names of old places stand for what they have become."""
    fits = types.ModuleType("mlefit.linear_fit", "The profiles of a line, where version 0.1 had them.")
    vars(fits)["_profile"] = profile_of_a_line
    sys.modules.setdefault("mlefit.linear_fit", fits)
    sys.modules.setdefault("mlefit.result", result)

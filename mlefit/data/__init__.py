"""Data to learn from: seeded simulators, whose truth is known, and famous measurements, whose truth is not.

Simulators come first on every page: a method that cannot find the truth in simulated data will not find it
in real data either. This room imports `checks` alone.
"""

from mlefit.data.famous import load
from mlefit.data.simulators import gaussian, line

__all__ = ["gaussian", "line", "load"]

"""Ways of fitting: each takes a model, its rows and the options, and returns an `Outcome`.

A model's class names the routes that it can take, the best first; every model can take Newton's method and an
optimizer. This room joins models, likelihood and solvers.
"""

from mlefit.routes.choosing import choose, exact, judge

__all__ = ["choose", "exact", "judge"]

"""The models that scale.py fits, one of them as a reader would write it."""

import mlefit


class OwnT(mlefit.Model):
    """Student's t as a reader would write it: location, scale and degrees of freedom are free."""

    def __init__(self):
        super().__init__()
        self.location = self.parameter("location", 0.0)
        self.scale = self.parameter("scale", 1.0, support="positive")
        self.df = self.parameter("df", 5.0, support="positive")

    def log_prob(self, x):
        return mlefit.densities.student_t(x, self.location(), self.scale(), self.df())


def make(model):
    """A new model at its start."""
    kinds = {"Gaussian": mlefit.Gaussian, "Student's t": OwnT, "logistic": mlefit.LogisticRegression}
    return kinds[model]()

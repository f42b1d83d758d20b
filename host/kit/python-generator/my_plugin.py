"""A Gaussian with correlations, as a generator for amplicast."""

import numpy


class MyPlugin:
    def __init__(self, stretch=1.0):
        """The keywords are those of `settings` in the experiment."""
        self.stretch = stretch

    def fit(self, events, rows, settings, seed):
        """Learns `events`, n x d numbers; `settings` are those of the experiment's [training]."""
        d = events.shape[1]
        self.mean = events.mean(axis=0)
        covariance = numpy.cov(events.T, bias=True).reshape(d, d) + 1e-12 * numpy.eye(d)
        self.factor = self.stretch * numpy.linalg.cholesky(covariance)

    def sample(self, n, seed):
        """Draws n events; the same seed gives the same ones."""
        normal = numpy.random.default_rng(seed).standard_normal((n, len(self.mean)))
        return self.mean + normal @ self.factor.T

    def log_density(self, events):
        """The natural logarithm of the density at each event. Leave this out if you do not know it."""
        scaled = numpy.linalg.solve(self.factor, (events - self.mean).T)
        constant = 0.5 * len(self.mean) * numpy.log(2 * numpy.pi)
        return -0.5 * (scaled**2).sum(axis=0) - numpy.log(numpy.diagonal(self.factor)).sum() - constant

    def state(self):
        """All that a fit has learned: bytes, or a dict of arrays."""
        return {"mean": self.mean, "factor": self.factor}

    def load(self, state):
        self.mean, self.factor = state["mean"], state["factor"]

"""A mixture of Gaussians, fitted by expectation maximization: a generator that needs NumPy alone.

`examples/python/mixture.toml` asks how many events of a ring a sample of it is worth.
"""

import numpy


class Mixture:
    def __init__(self, components=8):
        self.components = components

    def fit(self, events, rows, settings, seed):
        """Learns `events`, n x d numbers; `settings` are those of the experiment's [training]."""
        random = numpy.random.default_rng(seed)
        n, d = events.shape
        self.means = events[random.choice(n, size=self.components, replace=n < self.components)]
        self.covariances = numpy.stack([numpy.cov(events.T).reshape(d, d) + 1e-6 * numpy.eye(d)] * self.components)
        self.fractions = numpy.full(self.components, 1 / self.components)
        for step in range(settings["iterations"]):
            logs = self.logs(events)
            settings.progress(step + 1, settings["iterations"], -numpy.logaddexp.reduce(logs, axis=1).mean())
            shares = numpy.exp(logs - numpy.logaddexp.reduce(logs, axis=1)[:, None])
            counts = shares.sum(axis=0) + 1e-9
            self.fractions = counts / counts.sum()
            self.means = shares.T @ events / counts[:, None]
            apart = events[:, None] - self.means
            squares = numpy.einsum("nk,nki,nkj->kij", shares, apart, apart)
            self.covariances = squares / counts[:, None, None] + 1e-6 * numpy.eye(d)

    def logs(self, events):
        """The logarithm of each component's share of the density at each event."""
        factors = numpy.linalg.cholesky(self.covariances)
        apart = numpy.swapaxes(events[:, None] - self.means, 0, 1)
        scaled = numpy.linalg.solve(factors, numpy.swapaxes(apart, 1, 2))
        widths = numpy.log(numpy.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
        constant = 0.5 * events.shape[1] * numpy.log(2 * numpy.pi)
        return numpy.log(self.fractions) - widths - constant - 0.5 * (scaled**2).sum(axis=1).T

    def sample(self, n, seed):
        """Draws n events; the same seed gives the same ones."""
        random = numpy.random.default_rng(seed)
        chosen = random.choice(self.components, size=n, p=self.fractions)
        factors = numpy.linalg.cholesky(self.covariances)[chosen]
        normal = random.standard_normal((n, self.means.shape[1]))
        return self.means[chosen] + numpy.einsum("nij,nj->ni", factors, normal)

    def log_density(self, events):
        """The natural logarithm of the density at each event; this method may be left out."""
        return numpy.logaddexp.reduce(self.logs(events), axis=1)

    def state(self):
        """All that a fit has learned."""
        return {"means": self.means, "covariances": self.covariances, "fractions": self.fractions}

    def load(self, state):
        self.means, self.covariances, self.fractions = state["means"], state["covariances"], state["fractions"]

"""The invariant mass of some particles of an event of four-momenta (E, px, py, pz), in GeV: a summary."""

import numpy


class Mass:
    names = ["m [GeV]"]

    def __init__(self, particles=(0, 1)):
        self.particles = list(particles)

    def prepare(self, columns, particles):
        """Refuses events that are no four-momenta of so many particles."""
        if len(particles) <= max(self.particles):
            raise ValueError(f"expected particles {self.particles}, found {len(particles)}")

    def evaluate(self, events):
        """Of n x d events n numbers, or n x numbers if `names` are several."""
        momenta = events.reshape(len(events), -1, 4)[:, self.particles].sum(axis=1)
        return numpy.sqrt(numpy.maximum(momenta[:, 0] ** 2 - (momenta[:, 1:] ** 2).sum(axis=1), 0))

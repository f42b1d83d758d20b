"""How far an event is from the origin, as a summary for amplicast."""

import numpy


class MyPlugin:
    def __init__(self, power=2.0):
        """The keywords are those of `settings` in the experiment."""
        self.power = power
        self.names = [f"norm of power {power:g}"]

    def prepare(self, columns, particles):
        """Raises an exception for events that it knows nothing of; this one takes all. It may be left out."""

    def evaluate(self, events):
        """Of n x d events n numbers; an event's number must not depend on the others."""
        return (numpy.abs(events) ** self.power).sum(axis=1) ** (1 / self.power)

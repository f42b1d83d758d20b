"""True samples that are drawn from the true events that are there, with their weights if they have some."""


def unit(weights):
    """Weights with the mean 1."""
    mean = weights.mean() if len(weights) else 1.0
    if not mean > 0:
        raise Wrong(f"expected weights with a positive sum, found a mean weight of {mean:.3g} of {len(weights)} events: they are worth too few")
    return weights / mean


def positive(events, weights):
    """The weights with which events are drawn that count alike. Of a negative one as much is taken from the nearest positive ones, in units of
    the widths (as Andersen and Maier 2022, arXiv:2109.07851, do in cells), so that the distribution is what it was down to their distance."""
    left, width = weights.copy(), events.std(axis=0)
    places = events / numpy.where(width > 0, width, 1)
    for event in numpy.flatnonzero(weights < 0):
        nearest = numpy.argsort(((places - places[event]) ** 2).sum(axis=1), kind="stable")
        there, wanted = numpy.maximum(left[nearest], 0).cumsum(), -left[event]
        last = min(numpy.searchsorted(there, wanted), len(nearest) - 1)
        emptied = nearest[:last]
        left[nearest[last]] -= wanted - (there[last - 1] if last else 0)
        left[emptied] = numpy.minimum(left[emptied], 0)
        left[event] = 0
    return numpy.maximum(left, 0)


def drawn(random, n, weights):
    """Places of n events, drawn with replacement as often as their weights say."""
    steps = weights.cumsum()
    return numpy.searchsorted(steps, steps[-1] * random.random(n), side="right")

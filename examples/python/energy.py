"""The energy distance of two samples (Szekely and Rizzo 2013, doi:10.1016/j.jspi.2013.03.018), a metric of one number an event or of several.

sqrt(2 <|x - y|> - <|x - x'|> - <|y - y'|>), in units of the reference's widths, <> the means with the events' weights; it takes all pairs, so
`events` should be some hundreds.
"""

import numpy


class Energy:
    names = ["energy distance"]
    vectors = True

    def value(self, reference, sample, weights):
        """The distance of `sample` to `reference`: n numbers each, or n x numbers."""
        x, y = reference.reshape(len(reference), -1), sample.reshape(len(sample), -1)
        width = x.std(axis=0) + 1e-300
        x, y = x / width, y / width
        v, w = (one / one.sum() for one in weights)
        return numpy.sqrt(max(2 * v @ self.apart(x, y) @ w - v @ self.apart(x, x) @ v - w @ self.apart(y, y) @ w, 0))

    def apart(self, x, y):
        """The distance of each event of x from each of y."""
        return numpy.sqrt(((x[:, None] - y) ** 2).sum(axis=2))

"""The energy distance of two samples (Szekely and Rizzo 2013, doi:10.1016/j.jspi.2013.03.018), a metric of one number an event or of several.

sqrt(2 <|x - y|> - <|x - x'|> - <|y - y'|>), in units of the reference's widths; it takes all pairs, so `events` should be some hundreds.
"""

import numpy


class Energy:
    names = ["energy distance"]
    vectors = True

    def value(self, reference, sample):
        """The distance of `sample` to `reference`: n numbers each, or n x numbers."""
        x, y = reference.reshape(len(reference), -1), sample.reshape(len(sample), -1)
        width = x.std(axis=0) + 1e-300
        x, y = x / width, y / width
        return numpy.sqrt(max(2 * self.apart(x, y) - self.apart(x, x) - self.apart(y, y), 0))

    def apart(self, x, y):
        """The mean distance of an event of x from one of y."""
        return numpy.sqrt(((x[:, None] - y) ** 2).sum(axis=2)).mean()

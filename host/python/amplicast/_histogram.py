"""Generated distributions with their covariance."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

if TYPE_CHECKING:
    import numpy as np


class Traits(NamedTuple):
    """What UHI's protocol asks of an axis."""

    circular: bool = False
    discrete: bool = False


class Axis:
    """The bins of a summary: ``len(axis)`` of them, ``axis[i]`` being the two edges of one.

    Attributes:
        edges: bin edges, one more than bins, in the summary's unit.
        name: name of the summary.
        label: its axis text, with the unit.
    """

    traits = Traits()

    def __init__(self, data: Dict[str, Any]) -> None:
        self.edges: List[float] = data["edges"]
        self.name: str = data["metadata"]["name"]
        self.label: str = data["metadata"]["label"]

    def __len__(self) -> int:
        return len(self.edges) - 1

    def __getitem__(self, index: int) -> Tuple[float, float]:
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        index %= len(self)
        return self.edges[index], self.edges[index + 1]

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Axis) and self.edges == other.edges


class Histogram:
    """Generated events in bins, with the covariance of one fit's prediction: statistics, scatter over training sets, and bias.

    It follows UHI's plotting protocol. The errors of bins are correlated: of a sum of bins take :meth:`covariance`, not the variances.

    Example:
        >>> histogram = result.histogram()
        >>> mplhep.histplot(histogram, w2method="sqrt")
        >>> histogram.covariance().sum() ** 0.5  # the error of all events together
    """

    kind = "COUNT"

    def __init__(self, name: str, data: Dict[str, Any]) -> None:
        self.name, self._data = name, data
        self.axes: Tuple[Axis, ...] = (Axis(data["generated"]["axes"][0]),)

    def values(self) -> "np.ndarray":
        """Generated events in each bin, scaled to one fit's sample."""
        return self._array("generated", "values")

    def variances(self) -> "np.ndarray":
        """Their variances, in events squared: the diagonal of the covariance."""
        return self._array("generated", "variances")

    def counts(self) -> "np.ndarray":
        """Events without weights that have the same relative errors, as UHI's protocol asks: values squared over variances."""
        import numpy as np

        values, variances = self.values(), self.variances()
        return np.divide(values**2, variances, out=np.zeros_like(values), where=variances != 0)

    def covariance(self) -> "np.ndarray":
        """The covariance of the bins, bins x bins, in events squared."""
        return self._array("generated_covariance", "values")

    def to_dict(self) -> Dict[str, Any]:
        """The two histograms ``generated`` and ``generated_covariance`` in the JSON of UHI, as the program wrote them."""
        return self._data

    def to_hist(self) -> Any:
        """The histogram as a hist.Hist, which knows variances alone; needs the package hist."""
        import hist

        return hist.Hist(self._data["generated"])

    def _array(self, which: str, what: str) -> "np.ndarray":
        import numpy as np

        return np.array(self._data[which]["storage"][what], dtype=float)

    def __repr__(self) -> str:
        return f"<Histogram {self.name} of {len(self.axes[0])} bins>"


def histograms(folder: str, distributions: Sequence[Mapping[str, Any]]) -> List[Histogram]:
    """The histograms below a folder that are of these distributions: what an earlier run left there is not."""
    found = []
    for of in distributions:
        name = "_".join(re.sub(r"[^A-Za-z0-9.-]", "-", of[part]) for part in ("generator", "uncertainty", "summary", "selection"))
        try:
            with open(os.path.join(folder, name, "histogram.json"), encoding="utf-8") as file:
                histogram = Histogram(name, json.load(file))
        except FileNotFoundError:
            continue
        if _is_of(histogram, of):
            found.append(histogram)
    return found


def _is_of(histogram: Histogram, of: Mapping[str, Any]) -> bool:
    """Whether a histogram has the bins of a distribution, and its errors but for their scale."""
    import numpy as np

    errors = of.get("generated_error")
    if errors is None or histogram.axes[0].edges != of["edges"]:
        return False
    own, other = np.sqrt(histogram.variances()), np.array(errors, dtype=float)
    return bool(np.allclose(own * other.sum(), other * own.sum(), rtol=1e-6, atol=0))

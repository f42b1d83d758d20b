"""Cells: one question, put to one generator and posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Tuple

from . import _words

if TYPE_CHECKING:
    import matplotlib.axes

#: The ends of an interval of G; None where it has none.
Ends = Tuple[Optional[float], Optional[float]]


class Cell:
    """One cell: a generator, a posterior and a question, with its G.

    Attributes:
        generator: name of the generator.
        uncertainty: name of the uncertainty model; ``given`` for members that were given.
        summary: name of the summary, or of the function that it is.
        selection: name of the selection; ``all`` without a cut.
        metric: name of the metric.
        reference: what ``ks`` compares with; empty for metrics that need nothing.
        verdict: ``resolved``, ``bias-seen``, ``at-least``, ``at-most``, ``variance-only``, ``unresolved``, ``in-sample`` or ``failed``.
            What to quote depends on it: G with its interval if it is resolved or a bias is seen, the bound if it is at-least or at-most,
            and nothing else.
        g: G; of several training sets their median; None if there is none.
        interval_68: the ends of its 68 % interval; of several training sets their 16 and 84 % quantiles.
        interval_95: the ends of its 95 % interval; of one training set only.
        bound: the 95 % bound of at-least (G is larger) and at-most (G is smaller).
        n_equiv: size of a true sample that the generated one is worth, in events: G times n_train.
        n_train: training events that pass the selection.
        training_sets: training sets with a result.
        true_g: the true G, where it is known.
        reason: why the verdict is what it is, or why there is no result.
        row: the row of ``table.csv``, as text by its columns.
        data: the cell as it stands in ``results.json``.
    """

    def __init__(self, data: Mapping[str, Any], row: Mapping[str, str], names: Mapping[str, str], laws: List[Any], shown: Mapping[str, Any]):
        name = data["name"]
        self.data, self.row = data, dict(row)
        self.generator: str = name["generator"]
        self.uncertainty: str = name["uncertainty"]
        self.summary: str = names.get(name["summary"], name["summary"])
        self.selection: str = name["selection"]
        self.metric: str = name["metric"]
        self.reference: str = name["reference"]
        self.verdict: str = row["verdict"]
        self.g: Optional[float] = _number(row["g"])
        self.interval_68: Ends = (_number(row["g_low_68"]), _number(row["g_high_68"]))
        self.interval_95: Ends = (_number(row["g_low_95"]), _number(row["g_high_95"]))
        self.bound: Optional[float] = _number(row["bound"])
        self.n_equiv: Optional[float] = _number(row["n_equiv"])
        self.n_train: Optional[int] = int(row["n_train"]) if row["n_train"] else None
        self.training_sets: int = int(row["training_sets"])
        self.true_g: Optional[float] = _number(row["true_g"])
        self.reason: str = row["reason"]
        self._laws, self._shown = laws, shown

    @property
    def text(self) -> str:
        """G in the words of the table, such as ``7.1 [5.0, 10.2]`` or ``> 0.66 (95 %)``."""
        return _words.amplification(self.data)

    @property
    def who(self) -> str:
        """Generator and uncertainty model in words."""
        if self.uncertainty == "given":
            return f"{self.generator}, its own members"
        return f"{self.generator} × {self.uncertainty}"

    @property
    def question(self) -> str:
        """Summary, selection, metric and reference in words."""
        selection = "" if self.selection == "all" else f", selection {self.selection}"
        against = f", against {self.reference}" if self.reference else ""
        return f"{self.summary}{selection}, {self.metric}{against}"

    @property
    def failures(self) -> List[str]:
        """Why training sets have no result."""
        return list(self.data["failures"])

    @property
    def apart(self) -> Optional[Dict[str, Any]]:
        """1/G taken apart into variance and bias, of the first training set; None where members do not know their events."""
        return self._first("apart")

    @property
    def spread_alone(self) -> Optional[str]:
        """What the spread of members alone would say, which knows of no bias; None where that is G itself."""
        found = self._first("spread_alone")
        return None if found is None else _words.estimate(found)

    @property
    def curve(self) -> Dict[str, List[Optional[float]]]:
        """The metric at every size of the generated sample, of the first training set: ``n_passed`` (events), ``value`` and its parts
        ``statistical`` and ``model`` (of the metric); the other lists are described in the page "The results as files"."""
        return self._first("curve") or {}

    @property
    def null_law(self) -> Dict[str, Any]:
        """The law of the metric for true samples of n events: ``n``, ``mean``, ``bands``; of the first training set."""
        place = self._first("null_law")
        return {} if place is None else self._laws[place]

    @property
    def axis(self) -> Tuple[str, bool]:
        """The label of the metric's axis, and whether figures show the square root of its values."""
        return self._shown["axis"], self._shown["root"]

    def plot(self, ax: "Optional[matplotlib.axes.Axes]" = None) -> "matplotlib.axes.Axes":
        """The metric against the number of generated events; see :meth:`Result.plot`."""
        from ._plot import curve

        return curve(self, ax)

    def _first(self, key: str) -> Any:
        return self.data["replicas"][0].get(key) if self.data["replicas"] else None

    def __str__(self) -> str:
        return f"{self.who}: {self.question}: {self.text}"

    def __repr__(self) -> str:
        return f"<Cell {self}>"


def _number(text: str) -> Optional[float]:
    return float(text) if text else None

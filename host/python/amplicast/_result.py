"""What a run found."""

from __future__ import annotations

import csv
import io
import json
import os
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, Union

from ._cells import Cell
from ._errors import Error, failures, said
from ._histogram import Histogram, histograms
from ._process import Finished, absolute

if TYPE_CHECKING:
    import matplotlib.figure


#: The edition of ``results.json`` that is read.
VERSION = 2


class Result:
    """A finished run. Every number in it is one that the program wrote; none is computed again.

    ``print(result)`` shows the table of the command line; in a notebook it is a table.

    Attributes:
        folder: the run's folder. A run without ``out`` is removed together with its result.
        cells: one :class:`Cell` for each question, generator and posterior.
        data: ``results.json``, read.
        text: what the program printed; empty for a run that was loaded.
        demonstration: errors predicted, validated and improved, in words; empty where members do not know their events.
    """

    def __init__(self, folder: str, text: str = "", demonstration: str = "", names: Optional[Mapping[str, str]] = None, keep: Any = None):
        self.folder, self.text, self.demonstration = folder, text, demonstration
        self._names, self._keep = dict(names or {}), keep
        try:
            self._json = _read(os.path.join(folder, "results.json"))
            table = _read(os.path.join(folder, "table.csv")).decode()
        except OSError as error:
            raise Error(f"{folder}: expected the folder of a finished run: {error}") from error
        self.data: Dict[str, Any] = json.loads(self._json)
        version = self.data["schema"]["version"]
        if version != VERSION:
            raise Error(f"{folder}: expected results of version {VERSION}, found {version}: run the experiment again in this folder")
        rows = list(csv.DictReader(io.StringIO(table, newline="")))
        shown = {metric["name"]: metric for metric in self.data["metrics"]}
        unknown = {"axis": "metric", "root": False, "parts": False}
        laws = self.data["null_laws"]
        self.cells: List[Cell] = [
            Cell(cell, row, self._names, laws, shown.get(cell["name"]["metric"], unknown)) for cell, row in zip(self.data["cells"], rows)
        ]

    @property
    def warnings(self) -> List[str]:
        """What the reader should know before using a number."""
        return list(self.data["warnings"])

    @property
    def report(self) -> str:
        """The path of the report, an HTML page."""
        return os.path.join(self.folder, "report.html")

    def to_json(self) -> bytes:
        """The bytes of ``results.json``: all that the report shows, with the meaning and unit of every field."""
        return self._json

    def table(self) -> Any:
        """The table of G with one row for each cell, the columns being those of ``table.csv``.

        Returns:
            A pandas.DataFrame if pandas is there, else a list of dictionaries; numbers are floats, and NaN or None where there is none.
        """
        words = {"dataset", "generator", "uncertainty", "summary", "selection", "metric", "reference", "verdict", "reason"}
        rows = [
            {key: value if key in words else float(value) if value else None for key, value in cell.row.items()} for cell in self.cells
        ]
        for row, cell in zip(rows, self.cells):
            row["summary"] = cell.summary
        try:
            import pandas
        except ImportError:
            return rows
        frame = pandas.DataFrame(rows)
        return frame.astype({key: float for key in frame.columns if key not in words})

    def plot(self, cell: int = 0, kind: str = "both") -> "matplotlib.figure.Figure":
        """Draws a cell with matplotlib.

        Args:
            cell: its number in ``cells``.
            kind: ``"curve"``, the metric against the number of generated events with n_train and n_equiv; ``"distribution"``, its summary in
                training and generated events with their ratio; or ``"both"``.

        Returns:
            The figure, which a notebook shows.
        """
        from ._plot import figure

        return figure(self, cell, kind)

    def histogram(self, number: int = 0) -> Histogram:
        """A generated distribution with the covariance of its bins, the bias included.

        Args:
            number: which one: a run has one for each generator, posterior, summary and selection whose members know their events.

        Returns:
            A histogram that `mplhep.histplot` and other readers of UHI's protocol take.

        Raises:
            Error: if the run has none.
        """
        found = self.histograms()
        if not found:
            raise Error("expected members that know the events that they were fitted to (`members_rows`, or `halves`), found none")
        return found[number]

    def histograms(self) -> List[Histogram]:
        """All of them; see :meth:`histogram`."""
        return histograms(os.path.join(self.folder, "exports"), self.data["distributions"])

    def save(self, folder: Union[str, "os.PathLike[str]"]) -> "Result":
        """Copies the run's folder.

        Returns:
            The result in its new place.
        """
        import shutil

        target = absolute(folder)
        shutil.copytree(self.folder, target, dirs_exist_ok=True)
        return Result(target, self.text.replace(self.folder, target), self.demonstration, self._names)

    def __str__(self) -> str:
        legend = "".join(f"{name}: {function}\n" for name, function in self._names.items())
        if self.text:
            return legend + self.text.rstrip("\n")
        lines = [str(cell) for cell in self.cells] + [f"warning: {warning}" for warning in self.warnings]
        return legend + "\n".join([*lines, f"report: {self.report}"])

    def __repr__(self) -> str:
        return f"<Result of {len(self.cells)} cells>"

    def _repr_html_(self) -> str:
        from ._html import table

        return table(self)


def load(folder: Union[str, "os.PathLike[str]"]) -> Result:
    """Reads a finished run.

    Args:
        folder: its folder, such as ``runs/ring-2d``.

    Raises:
        Error: if there is none.

    Example:
        >>> for cell in amplicast.load("runs/ring-2d").cells:
        ...     print(cell.question, cell.text)
    """
    return Result(absolute(folder))


class Place:
    """Where a run works, and what becomes of it."""

    def __init__(self, path: str, keep: Any) -> None:
        self.path, self._keep, self.taken = path, keep, False

    def result(self, done: Finished, names: Optional[Mapping[str, str]] = None, demonstration: str = "") -> Result:
        """The result of a finished run.

        Cells may have failed: if others have a result, that is a warning.
        """
        whole = done.expect(1).code == 0
        failed = failures(done.err)
        if not whole and (done.err.startswith("error: ") or "\nerror: " in done.err or not failed):
            raise Error(said(done.err, done.code), done.code)
        found = Result(self.path, done.out, demonstration, names, self._keep)
        if not whole:
            if all(cell.verdict == "failed" for cell in found.cells):
                raise Error(failed, done.code)
            warnings.warn(failed, stacklevel=3)
        self.taken = True
        return found


@contextmanager
def finished(out: Any) -> Iterator[Place]:
    """The folder of a run: the user's, or a temporary one that is removed with its result."""
    if out is not None:
        yield Place(absolute(out), None)
        return
    keep = _Temporary()
    place = Place(keep.path, keep)
    try:
        yield place
    finally:
        if not place.taken:
            keep.remove()


class _Temporary:
    """A folder that is removed with this object, or at the end of the process that made it."""

    def __init__(self) -> None:
        import tempfile
        import weakref

        self.path = tempfile.mkdtemp(prefix="amplicast-run-")
        self.remove = weakref.finalize(self, _removed, self.path, os.getpid())


def _removed(path: str, process: int) -> None:
    import shutil

    # A forked process has its own copy of the object, and not of the folder.
    if os.getpid() == process:
        shutil.rmtree(path, ignore_errors=True)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()

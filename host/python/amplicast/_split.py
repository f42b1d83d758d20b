"""The training events of members that are trained elsewhere: ``amplicast split``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Union

from ._arrays import array_of, chosen, one_each
from ._options import options
from ._process import absolute, call
from ._room import Room

if TYPE_CHECKING:
    import numpy as np


class Part:
    """The training events of one member.

    Attributes:
        name: ``half_01``, ``bootstrap_01`` or ``subset_01`` and so on.
        rows: which rows of the training events these are (integers from 0), for ``members_rows``.
        path: the file of the events, if a folder was given; else None.
        weights: the weights of these events, if weights were given; else None.
    """

    def __init__(self, name: str, rows: "np.ndarray", data: Any, path: Optional[str], weights: Any = None) -> None:
        self.name, self.rows, self.path, self.weights, self._data = name, rows, path, weights, data

    @property
    def events(self) -> Any:
        """The events, in the kind in which the training events were given: an array, a tensor, a data frame."""
        if self._data is None:
            import numpy as np

            return np.load(str(self.path))
        return chosen(self._data, self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"<Part {self.name} of {len(self)} events>"


def split(
    train: Any,
    halves: Optional[int] = None,
    *,
    bootstraps: Optional[int] = None,
    subsets: Optional[int] = None,
    seed: int = 1,
    weights: Any = None,
    groups: Any = None,
    out: "Union[str, os.PathLike[str], None]" = None,
    **more: Any,
) -> List[Part]:
    """Draws the training events that members are to be fitted to.

    A G that includes the generator's bias needs members that know their events: train one network, or better two, on all events, and one
    on each part, for as many steps as it has of the events (a half takes half of the steps).

    Args:
        train: n training events, as :func:`estimate` takes them, or the name of a file.
        halves: random halves, half of these being what the others leave; an even number, 6 or more.
        bootstraps: samples of n events, drawn with replacement.
        subsets: disjoint subsets.
        seed: what is drawn depends on it.
        weights: event weights of the training events, which go with their events: an array of n numbers, or the name of the column that
            holds them.
        groups: the number of the group that each event belongs to: an array of n numbers, or the name of the column that holds them. Parts are made
            of whole groups, whose events stand next to each other.
        out: a folder to write events and rows to as well; needed if ``train`` is a file.
        more: ``key``, ``weights_file``, ``groups_file`` and ``columns`` of a file.

    Returns:
        The parts: halves, bootstraps, subsets, each by number.

    Raises:
        Error: if something is not right, with the text of the command line.

    Example:
        >>> for part in amplicast.split(train, halves=10):
        ...     network = fit(part.events, steps=500)
    """
    numbers = {"half": halves, "bootstrap": bootstraps, "subset": subsets}
    asked = options({"halves": halves, "bootstraps": bootstraps, "subsets": subsets, "seed": seed, **more})
    named = isinstance(weights, str)
    beside = {"weights": weights, "groups": groups}
    asked += [f"--{what}={data}" for what, data in beside.items() if isinstance(data, str)]
    if isinstance(train, (str, bytes)) or hasattr(train, "__fspath__"):
        if out is None:
            raise TypeError("out: a file of events is split into files: name their folder")
        for what, data in beside.items():
            if data is not None and not isinstance(data, str):
                raise TypeError(f"{what}: those of a file of events are a column of it, or {what}_file=")
        folder = absolute(out)
        call(["split", f"--train={os.fsdecode(train)}", *asked, f"--out={folder}"], quiet=True).expect()
        return _parts(folder, numbers, None, folder)
    import numpy as np

    array = array_of(train, "train")
    arrays = {what: one_each(data, what) for what, data in beside.items() if data is not None and not isinstance(data, str)}
    if out is None and not named and not isinstance(groups, str):
        # What is drawn depends on the number of events alone.
        array = np.zeros(len(array), np.float32)
    with Room(2 * array.nbytes) as room:
        np.save(room.file("train.npy"), array)
        for what, one in arrays.items():
            np.save(room.file(f"train.{what}.npy"), one)
            asked.append(f"--{what}-file=train.{what}.npy")
        folder = room.file("parts") if out is None else absolute(out)
        call(["split", "--train=train.npy", *asked, f"--out={folder}"], room.path, quiet=True).expect()
        return _parts(folder, numbers, train, None if out is None else folder, array[weights] if named else arrays.get("weights"))


def _parts(folder: str, numbers: Dict[str, Optional[int]], data: Any, kept: Optional[str], weights: Any = None) -> List[Part]:
    import numpy as np

    found = []
    for word, number in numbers.items():
        for i in range(number or 0):
            name = f"{word}_{i + 1:0{len(str(number))}}"
            rows = np.load(os.path.join(folder, f"{name}.rows.npy"))
            file = os.path.join(folder, f"{name}.weights.npy")
            of_part = weights[rows] if weights is not None else np.load(file) if os.path.exists(file) else None
            found.append(Part(name, rows, data, None if kept is None else os.path.join(kept, f"{name}.npy"), of_part))
    return found

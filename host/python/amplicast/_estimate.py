"""G from generated events: ``amplicast estimate``."""

from __future__ import annotations

import glob
import os
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

from ._arrays import array_of, one_each
from ._errors import Error
from ._options import intervals, is_list, options, quantile_regions
from ._process import call
from ._result import Result, finished
from ._room import Room
from ._summaries import name_of, with_values

if TYPE_CHECKING:
    import numpy as np

Summary = Union[str, Callable[..., Any]]


def estimate(
    train: Any,
    members: Any,
    holdout: Any = None,
    *,
    full: Any = None,
    members_rows: Any = None,
    summary: Union[Summary, Sequence[Summary]] = "coordinate",
    region: Any = None,
    quantiles: Optional[int] = None,
    regions: Any = None,
    metric: Union[str, Sequence[str], None] = None,
    members_data: Optional[str] = None,
    events: Optional[int] = None,
    columns: Union[str, Sequence[str], None] = None,
    particles: Union[str, Sequence[str], None] = None,
    layout: Union[str, Sequence[str], None] = None,
    out: "os.PathLike[str] | str | None" = None,
    threads: Optional[int] = None,
    quiet: bool = False,
    rows: Any = None,
    weights: Any = None,
    holdout_weights: Any = None,
    groups: Any = None,
    holdout_groups: Any = None,
    members_weights: Any = None,
    full_weights: Any = None,
    **more: Any,
) -> Result:
    """How many true events are generated ones worth?

    This is ``amplicast estimate`` with arrays in place of files; for the same events its ``results.json`` is the same, byte by byte.

    Args:
        train: the n events that the generator was trained on: n (one number an event), n x d, or n x particles x 4 numbers, the last being
            four-momenta (E, px, py, pz) in GeV unless ``layout`` says otherwise. A NumPy array of any floating-point or integer type and
            order, a torch tensor, an awkward array of one length, a data frame (its columns keep their names), a mapping of columns, or a
            list; or the name of a file, with ``::KEY`` for one of several arrays.
        members: generated events, a list of such arrays, one for each member; an array of three or more axes whose first one numbers the
            members; or names or patterns of files.
        holdout: further true events, like ``train``, to validate the estimate and as reference of ``ks``.
        full: generated events of a fit to all training events, the generator whose G is meant, or a list of several; needs ``members_rows``.
        members_rows: for each member the rows of ``train`` (integers from 0) that it was fitted to, as :func:`split` draws them. G then
            includes the generator's bias.
        summary: what is looked at: a name with its arguments such as ``"radius"`` or ``"invariant-mass:0,1,2"`` (GeV); a function that
            takes events as float64 (in the shape of ``train``, some of its rows at a time) and returns one number each; or a list of either.
        region: an interval ``(low, high)`` of the summary, in its unit, or a list of intervals that are asked together; an end may be
            ``math.inf``.
        quantiles: cut the summary's range into so many regions of equal probability ...
        regions: ... and ask these of them, numbered from 1: ``"2-19"`` or ``range(2, 20)``.
        metric: other metrics by name, such as ``"mean"``, with their defaults, in place of ``ks``.
        members_data: what members without rows were fitted to: ``"same"`` events, a ``"bootstrap"``, ``"halves"`` or ``"subsets"`` of them,
            or draws of one ``"posterior"``.
        events: events to take of each member; all by default.
        columns: names of the columns to take, of data frames; names for those of arrays.
        particles: names of particles, whose four-momenta are the columns.
        layout: a particle's components in their order, such as ``"pt,eta,phi,m"``.
        out: the folder to keep the run in; without it the run lives as long as the result.
        threads: threads; all cores by default.
        quiet: do not show progress on ``sys.stderr``.
        rows: short for ``members_rows``.
        weights: event weights of the training events, negative ones included: an array of n numbers, or the name of the column that holds
            them.
        holdout_weights: those of the held-out events; without it the column of the same name, where ``weights`` is a name.
        groups: the number of the group that each training event belongs to, such as the parton-level event that a fast simulation made it
            of: an array of n numbers, or the name of the column that holds them. Events of a group stand next to each other.
        holdout_groups: those of the held-out events; without it the column of the same name, where ``groups`` is a name.
        members_weights: event weights of the generated events, 0 or more: a list of arrays of n numbers, one for each member, or the name of the
            column that holds them, in ``full`` as well. Of each member as many events are kept as count alike.
        full_weights: those of ``full``, an array or a list of them, where ``members_weights`` is a list.
        more: any other option of the command line, with underscores: ``train_key="events"``, ``time_limit=60``.

    Returns:
        The result: ``print`` it, or look at its ``cells``.

    Raises:
        Error: if something is not right, with the text of the command line; rows and numbers in it count from 0.
        TypeError: for events that are no numbers.

    Example:
        >>> parts = amplicast.split(train, halves=10)
        >>> members = [sample(fit(part.events, steps=500), 100_000) for part in parts]
        >>> full = [sample(fit(train, steps=1000), 100_000) for _ in range(2)]
        >>> amplicast.estimate(train, members, full=full, members_rows=[part.rows for part in parts],
        ...                    summary="radius", quantiles=20, regions="2-19")
    """
    if members_rows is not None and rows is not None:
        raise TypeError("members_rows and rows are the same: give one of them")
    given = _Given(train, members, holdout, full, rows if members_rows is None else members_rows)
    functions, summaries = _summaries(summary)
    if functions:
        given.look_with(functions)
    beside = (("weights", weights), ("holdout_weights", holdout_weights), ("groups", groups), ("holdout_groups", holdout_groups))
    for name, data in beside:
        given.stand(name, data)
        if f"{name}_file" in more:
            given.flags.append((f"{name}_file", os.fsdecode(more.pop(f"{name}_file"))))
    for name, data in (("members_weights", members_weights), ("full_weights", full_weights)):
        given.weigh(name, data)
        files = more.pop(f"{name}_file", [])
        given.flags += [(f"{name}_file", os.fsdecode(file)) for file in ([files] if _is_name(files) else files)]
    asked = {
        "summary": summaries,
        "region": intervals(region),
        "quantiles": quantiles,
        "regions": quantile_regions(regions),
        "metric": metric,
        "members_data": members_data,
        "events": events,
        "columns": columns,
        "particles": particles,
        "layout": layout,
        "threads": threads,
        **more,
    }
    with finished(out) as place, Room(given.size()) as room:
        files = given.files(room)
        folder = room.path if given.arrays else None
        done = call(["estimate", *files, *options({**asked, "out": place.path})], folder, quiet)
        shown = ""
        if done.code == 0 and given.know_their_events():
            # Nothing is computed again: this adds the three steps, and histograms with their covariance.
            again = {"out": place.path, "threads": threads, "plugin_path": more.get("plugin_path")}
            shown = call(["demonstrate", os.path.join(place.path, "experiment.toml"), *options(again)], folder, quiet=True).expect().out
        names = {f"coordinate:{i}": name_of(function, i) for i, function in enumerate(functions)}
        return place.result(given.plain(done, room), names, shown)


def _summaries(summary: Any) -> Tuple[List[Callable[..., Any]], List[str]]:
    """Functions, and the summaries that the program is asked for."""
    given = list(summary) if is_list(summary) else [summary]
    functions = [one for one in given if callable(one)]
    if not functions:
        return [], given
    if len(functions) < len(given):
        # `radius` would take the functions' values for a column of the events.
        raise TypeError("summaries are either functions or names: ask for both in two calls")
    return functions, [f"coordinate:{i}" for i in range(len(functions))]


class _Given:
    """Events as they are given: arrays by the names that their files get, and names of files."""

    def __init__(self, train: Any, members: Any, holdout: Any, full: Any, rows: Any) -> None:
        self.arrays: Dict[str, "np.ndarray"] = {}
        self.names: List[str] = []
        members = _list(members, "members")
        width = len(str(len(members)))
        self.flags: List[Tuple[str, str]] = [("train", self._one(train, "train"))]
        self.flags += [("members", self._one(m, f"member_{i + 1:0{width}}", f"members[{i}]")) for i, m in enumerate(members)]
        if holdout is not None:
            self.flags.append(("holdout", self._one(holdout, "holdout")))
        if full is not None:
            self.flags += [("full", self._one(f, f"full_{i + 1}", f"full[{i}]")) for i, f in enumerate(_one_or_several(full))]
        for i, one in enumerate([] if rows is None else _list(rows, "members_rows", least=2)):
            self.flags.append(("members_rows", self._rows(one, i, width)))

    def _one(self, data: Any, file: str, name: Optional[str] = None) -> str:
        if _is_name(data):
            return os.fsdecode(data)
        self.arrays[f"{file}.npy"] = array_of(data, name or file)
        return f"{file}.npy"

    def _rows(self, data: Any, i: int, width: int) -> str:
        import numpy as np

        if _is_name(data):
            return os.fsdecode(data)
        rows, file = array_of(data, f"members_rows[{i}]"), f"member_{i + 1:0{width}}.rows.npy"
        if rows.ndim != 1 or rows.dtype.kind not in "iu":
            raise TypeError(f"members_rows[{i}]: expected row numbers (integers from 0), found the type {rows.dtype}, shape {rows.shape}")
        self.arrays[file] = rows.astype(np.int64)
        return file

    def stand(self, name: str, data: Any) -> None:
        """Weights or groups, beside the events: an array is a file of its own, text names a column."""
        if data is None:
            return
        if isinstance(data, str):
            self.names.append(f"--{name.replace('_', '-')}={data}")
            return
        events, what = ("holdout", name[len("holdout_") :]) if name.startswith("holdout_") else ("train", name)
        file = f"{events}.{what}.npy"
        self.arrays[file] = one_each(data, name)
        self.flags.append((f"{name}_file", file))

    def weigh(self, name: str, data: Any) -> None:
        """Weights of generated events: a list has those of each sample, text names a column of all."""
        if data is None:
            return
        of_members = name == "members_weights"
        if isinstance(data, str):
            if not of_members:
                raise TypeError("full_weights: expected an array, or a list of them; the name of a column in `members_weights` holds for both")
            self.names.append(f"--members-weights={data}")
            return
        for i, one in enumerate(_list(data, name, least=2) if of_members else _one_or_several(data)):
            if _is_name(one):
                self.flags.append((f"{name}_file", os.fsdecode(one)))
                continue
            file = f"{name.split('_')[0]}_{i + 1}.weights.npy"
            self.arrays[file] = one_each(one, f"{name}[{i}]")
            self.flags.append((f"{name}_file", file))

    def look_with(self, functions: Sequence[Callable[..., Any]]) -> None:
        """Puts the values of functions beside all events; files are read for it."""
        import numpy as np

        flags: List[Tuple[str, str]] = []
        for flag, file in self.flags:
            if flag == "members_rows" or file in self.arrays:
                flags.append((flag, file))
                continue
            for path in sorted(glob.glob(file)) or [file]:
                if not path.endswith(".npy"):
                    raise Error(f"{path}: expected an array, or a .npy file, for a summary that is a Python function", 2)
                name = f"{flag}_{sum(other == flag for other, _ in flags) + 1}.npy"
                self.arrays[name] = array_of(np.load(path), path)
                flags.append((flag, name))
        self.flags = flags
        for file, array in self.arrays.items():
            if not file.endswith(".rows.npy"):
                self.arrays[file] = with_values(array, functions, file[: -len(".npy")])

    def know_their_events(self) -> bool:
        """Whether there are rows of the training events for the members."""
        return any(flag == "members_rows" for flag, _ in self.flags)

    def size(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self.arrays.values())

    def files(self, room: Room) -> List[str]:
        """Writes the arrays, and gives the options that name all files."""
        import numpy as np

        for file, array in self.arrays.items():
            np.save(room.file(file), array)
        return [f"--{flag.replace('_', '-')}={self._seen(file)}" for flag, file in self.flags] + self.names

    def _seen(self, file: str) -> str:
        """A file as it is seen from the folder in which the program runs: the arrays', if there are any."""
        if not self.arrays or file in self.arrays or os.path.isabs(file):
            return file
        here = os.getcwd()
        return os.path.join(here if os.path.exists(file) else glob.escape(here), file)

    def plain(self, done: Any, room: Room) -> Any:
        """What was printed, with arrays in place of their files."""
        cut = room.path + os.sep
        return type(done)(done.out.replace(cut, ""), done.err.replace(cut, ""), done.code)


def _is_name(data: Any) -> bool:
    return isinstance(data, (str, bytes)) or hasattr(data, "__fspath__")


def _one_or_several(data: Any) -> List[Any]:
    """One sample, or a list of several."""
    return list(data) if isinstance(data, (list, tuple)) and not _is_event_list(data) else [data]


def _is_event_list(data: Any) -> bool:
    """Whether a list is one sample, of events that are lists of numbers or numbers."""
    import numpy as np

    def depth(value: Any) -> int:
        return 1 + depth(value[0]) if isinstance(value, (list, tuple)) and len(value) else 0

    leaf = data
    while isinstance(leaf, (list, tuple)) and len(leaf):
        leaf = leaf[0]
    return isinstance(leaf, (int, float, np.number)) and depth(data) <= 2


def _list(data: Any, name: str, least: int = 3) -> List[Any]:
    """Several samples: a list, names of files, or an array with an axis for them."""
    if _is_name(data):
        return [data]
    axes = getattr(data, "ndim", None)
    if axes is not None and axes < least or hasattr(data, "columns") or isinstance(data, dict):
        raise TypeError(f"{name}: expected a list of arrays, one for each member, found one array")
    return list(data)

"""Summaries that are Python functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, List, Sequence

from ._arrays import fields_of, records
from ._errors import Error

if TYPE_CHECKING:
    import numpy as np

#: Rows of a call.
CHUNK = 65_536


def name_of(function: Callable[..., Any], number: int) -> str:
    """What a function is called in tables; of one without a name its number, from 1."""
    name = getattr(function, "__name__", type(function).__name__)
    return f"function {number + 1}" if name == "<lambda>" else str(name)


def with_values(array: "np.ndarray", functions: Sequence[Callable[..., Any]], name: str) -> "np.ndarray":
    """Events with one more column before their own for each function: its values.

    Before the others, since the program may leave out columns that only count events.

    Raises:
        Error: for values of another shape, what are no numbers, NaN and infinite ones, at the array and its row.
    """
    import numpy as np

    names = fields_of(array)
    events = array if names is None else np.stack([array[key].astype(np.float64) for key in names], axis=1)
    columns = [_values(function, events, f"summary `{name_of(function, i)}` of {name}") for i, function in enumerate(functions)]
    if names is None:
        flat = events.reshape(len(events), -1)
        return np.column_stack([*columns, flat.astype(np.float64)])
    added = {_free(f"summary{i + 1}", names): column for i, column in enumerate(columns)}
    return records({**added, **{key: array[key] for key in names}}, name)


def _values(function: Callable[..., Any], events: "np.ndarray", where: str) -> "np.ndarray":
    import numpy as np

    values = np.empty(len(events))
    for first in range(0, len(events), CHUNK):
        # A copy: a function that writes into its argument changes no event.
        chunk = np.array(events[first : first + CHUNK], dtype=np.float64, order="C")
        found = function(chunk)
        if hasattr(found, "detach"):
            found = found.detach().cpu()
        found = np.asarray(found)
        if found.shape != (len(chunk),):
            raise Error(f"{where}, rows {first} to {first + len(chunk) - 1}: expected {len(chunk)} values, found the shape {found.shape}", 2)
        if found.dtype.kind not in "fiub":
            raise Error(f"{where}, row {first}: expected numbers, found the type {found.dtype}", 2)
        bad = np.flatnonzero(~np.isfinite(found))
        if len(bad):
            raise Error(f"{where}, row {first + bad[0]}: expected a finite number, found {found[bad[0]]}", 2)
        values[first : first + CHUNK] = found
    return values


def _free(name: str, taken: List[str]) -> str:
    while name in taken:
        name += "_"
    return name

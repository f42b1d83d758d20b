"""Events as Python has them: arrays, tensors, data frames, lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional

if TYPE_CHECKING:
    import numpy as np


def array_of(data: Any, name: str) -> "np.ndarray":
    """Events as an array in C order that the program reads: numbers, or records of a data frame's columns.

    Args:
        data: n, n x d or n x particles x 4 numbers, one event a row: a NumPy array, what can be turned into one (torch tensors on any
            device, awkward arrays of one length, lists), a data frame, or a mapping from names to columns of n numbers.
        name: what errors call it.

    Raises:
        TypeError: what holds no numbers.
        ValueError: what has no shape.
    """
    import numpy as np

    columns = _columns(data)
    if columns is None:
        array = _plain(data, name)
    else:
        array = records({key: _plain(column, f"{name}, column `{key}`") for key, column in columns.items()}, name)
    if array.ndim == 0:
        raise ValueError(f"{name}: expected events, one a row, found a single value")
    return np.ascontiguousarray(array)


def one_each(data: Any, name: str) -> "np.ndarray":
    """What stands beside events, one number each: their weights, or the groups that they belong to."""
    if _columns(data) is not None:
        raise TypeError(f"{name}: expected one number an event, or the name of a column, found columns")
    numbers = array_of(data, name)
    if numbers.ndim != 1 or numbers.dtype.names is not None:
        raise ValueError(f"{name}: expected one number an event, found the shape {numbers.shape}")
    return numbers


def records(columns: Mapping[str, "np.ndarray"], name: str) -> "np.ndarray":
    """Columns of n numbers each as n records, whose fields keep the columns' names and types."""
    import numpy as np

    lengths = {key: column.shape for key, column in columns.items()}
    if not columns:
        raise ValueError(f"{name}: expected columns of numbers, found none")
    first = next(iter(lengths.values()))
    for key, shape in lengths.items():
        if len(shape) != 1 or shape != first:
            raise ValueError(f"{name}, column `{key}`: expected {first[0] if first else 'n'} numbers, found the shape {shape}")
    array = np.empty(first[0], dtype=[(key, column.dtype) for key, column in columns.items()])
    for key, column in columns.items():
        array[key] = column
    return array


def fields_of(array: "np.ndarray") -> Optional[List[str]]:
    """Names of the columns of records; none of other arrays."""
    return None if array.dtype.names is None else list(array.dtype.names)


def _plain(data: Any, name: str) -> "np.ndarray":
    import numpy as np

    array = np.asarray(_on_the_host(data))
    if array.dtype.names is not None:
        return array
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        return array.astype(np.float64)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name}: expected numbers, found the type {array.dtype}")
    return array


def _on_the_host(data: Any) -> Any:
    """What NumPy can read: tensors leave their graph and their device."""
    if all(hasattr(data, method) for method in ("detach", "cpu", "numpy")):
        tensor = data.detach().cpu()
        try:
            return tensor.numpy()
        except TypeError:  # bfloat16, which NumPy does not have
            return tensor.float().numpy()
    if hasattr(data, "__cuda_array_interface__") and hasattr(data, "get"):
        return data.get()
    return data


def _columns(data: Any) -> Optional[Dict[str, Any]]:
    """Columns by their names, of what has some; a data frame whose columns are merely numbered is an array."""
    import numpy as np

    if isinstance(data, Mapping):
        return {str(key): column for key, column in data.items()}
    if isinstance(data, np.ndarray):
        return None
    module = type(data).__module__.split(".")[0]
    if module == "awkward":
        return {key: data[key] for key in data.fields} or None
    names = data.column_names if module == "pyarrow" and hasattr(data, "column_names") else getattr(data, "columns", None)
    if names is None or not hasattr(data, "__getitem__"):
        return None
    names = list(names)
    if all(isinstance(key, (int, np.integer)) for key in names):
        return None
    return {"_".join(map(str, key)) if isinstance(key, tuple) else str(key): data[key] for key in names}


def chosen(data: Any, rows: "np.ndarray") -> Any:
    """Rows of events, in the kind that these have: a tensor's as a tensor, a data frame's as a data frame."""
    if isinstance(data, Mapping):
        return {key: chosen(column, rows) for key, column in data.items()}
    if hasattr(data, "iloc"):
        return data.iloc[rows]
    if isinstance(data, (list, tuple)):
        import numpy as np

        return np.asarray(data)[rows]
    if all(hasattr(data, method) for method in ("index_select", "detach")):
        import torch

        return data[torch.from_numpy(rows).to(data.device)]
    return data[rows]

"""Keywords as options of the command line."""

from __future__ import annotations

import json
import math
from typing import Any, Iterable, List, Mapping, Sequence

#: Lists of these are one option with commas.
JOINED = {"columns", "particles", "layout", "train_layout", "members_layout", "holdout_layout"}
#: These name files or folders.
PATHS = {"out", "plugin_path"}


def options(given: Mapping[str, Any]) -> List[str]:
    """Options of the command line: ``members_data="halves"`` is ``--members-data=halves``, a list repeats its option, ``True`` is an option
    without a value, ``None`` and ``False`` are left out."""
    from ._process import absolute

    out = []
    for name, value in given.items():
        if value is None or value is False:
            continue
        flag = "--" + name.replace("_", "-")
        if value is True:
            out.append(flag)
        elif name in JOINED and is_list(value):
            out.append(f"{flag}={','.join(map(str, value))}")
        else:
            for one in value if is_list(value) else [value]:
                out.append(f"{flag}={absolute(one) if name in PATHS else number(one)}")
    return out


def is_list(value: Any) -> bool:
    """Whether a value stands for several."""
    return isinstance(value, (list, tuple, set, range)) or type(value).__module__ == "numpy" and getattr(value, "ndim", 0) > 0


def number(value: Any) -> str:
    """A value as it would be typed: 600 for 600.0."""
    if isinstance(value, (str, bytes)) or hasattr(value, "__fspath__"):
        import os

        return os.fsdecode(value)
    if isinstance(value, float) or getattr(getattr(value, "dtype", None), "kind", "") == "f":
        value = float(value)
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def intervals(region: Any) -> List[str]:
    """Intervals of a summary: ``"600:700"``, ``(600, 700)``, ``(600, math.inf)``, or a list of such."""
    if region is None:
        return []
    if isinstance(region, str):
        return [region]
    region = list(region)
    if len(region) == 2 and not any(isinstance(end, str) or is_list(end) for end in region):
        region = [tuple(region)]
    return [one if isinstance(one, str) else ":".join(number(end) for end in one) for one in region]


def quantile_regions(regions: Any) -> Any:
    """Numbers of quantile regions from 1: ``"2-19"``, ``range(2, 20)``, ``[1, 20]`` or one number."""
    if regions is None or isinstance(regions, str):
        return regions
    if isinstance(regions, range) and regions.step == 1 and len(regions) > 1:
        return f"{regions[0]}-{regions[-1]}"
    numbers = list(regions) if is_list(regions) else [regions]
    if any(is_list(one) for one in numbers):
        raise TypeError('regions are numbers of quantiles, such as "2-19"; an interval of the summary is region=(600, 700)')
    return ",".join(number(one) for one in numbers)


def settings(overrides: Mapping[str, Any]) -> List[str]:
    """Values of an experiment as ``--set``: ``{"experiment.seed": 2}``, or ``{"experiment": {"seed": 2}}``."""
    return [f"--set={key}={_toml(value)}" for key, value in _flat(overrides, "")]


def _flat(values: Mapping[Any, Any], before: str) -> Iterable[Any]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # Basic strings of TOML are those of JSON.
        return json.dumps(value)
    if hasattr(value, "__fspath__"):
        return json.dumps(number(value))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(key))} = {_toml(one)}" for key, one in value.items()) + "}"
    if is_list(value):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    if isinstance(value, Sequence):
        return _toml(list(value))
    if isinstance(value, float) or getattr(getattr(value, "dtype", None), "kind", "") == "f":
        return repr(float(value)) if math.isfinite(value) else number(value)
    return str(value)

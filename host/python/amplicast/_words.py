"""G in words, as the program's own table has them: numbers are written out here, never computed."""

from __future__ import annotations

import math
from typing import Any, Iterable, Mapping, Optional

Json = Mapping[str, Any]


def amplification(cell: Json) -> str:
    """What stands in the table for a cell of ``results.json``: a number with its 68 % interval, a bound, or a word."""
    sets, failures, overall = cell["replicas"], cell["failures"], cell["overall"]
    if not sets:
        return "failed"
    if len(sets) == 1 and (overall is None or not failures):
        return estimate(sets[0]["estimate"])
    if overall is None:
        return "failed"
    return _over_sets(sets, len(sets) + len(failures), overall)


def estimate(found: Json) -> str:
    """The same of an estimate on one training set."""
    verdict, g = found["verdict"], _finite(found["g"])
    if verdict in ("resolved", "bias-seen") and g is not None:
        return number(g, g) + _interval(found["interval_68"], g)
    if verdict == "at-least":
        return _bound(">", lower_bound(found), "95 %")
    if verdict == "at-most":
        return _bound("<", found["interval_95"]["high"], "95 %")
    if verdict == "in-sample":
        return "in-sample" if g is None else f"{number(g, g)} (in-sample)"
    if verdict == "variance-only":
        if g is None:
            return _bound(">", lower_bound(found), "variance only")
        return f"{number(g, g)}{_interval(found['interval_68'], g)} (variance only)"
    return "unresolved"


def lower_bound(found: Json) -> Optional[float]:
    """The lower bound of G at 95 %: that of one side where there is one."""
    bound = found.get("bound")
    return found["interval_95"]["low"] if bound is None else bound


def number(value: float, of: float) -> str:
    """A value with the decimals that give two significant digits of another one."""
    if not math.isfinite(value):
        return "?"
    if abs(value) >= 1e5 or 0 < abs(value) < 1e-3:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa[:-2] if mantissa.endswith('.0') else mantissa}e{int(exponent)}"
    decimals = 1 if of == 0 or not math.isfinite(of) else min(max(1 - math.floor(math.log10(abs(of))), 0), 4)
    return f"{value:.{decimals}f}"


def _over_sets(sets: Any, every: int, overall: Json) -> str:
    of = "1 set" if len(sets) == every == 1 else f"{len(sets)} sets" if len(sets) == every else f"{len(sets)} of {every} sets"
    verdict, median = overall["verdict"], _finite(overall["g_median"])
    those = [one["estimate"] for one in sets if one["estimate"]["verdict"] == verdict]
    in_words = None
    if median is not None:
        in_words = number(median, median) + _interval({"low": overall["g_16"], "high": overall["g_84"]}, median)
    if verdict in ("resolved", "bias-seen"):
        return "unresolved" if in_words is None else f"{in_words} (median of {of})"
    if verdict == "variance-only":
        if in_words is not None:
            return f"{in_words} (variance only, median of {of})"
        return _bound(">", _cautious(min, map(lower_bound, those)), f"variance only, {of}")
    if verdict == "at-least":
        return _bound(">", _cautious(min, map(lower_bound, those)), f"95 %, {of}")
    if verdict == "at-most":
        return _bound("<", _cautious(max, (one["interval_95"]["high"] for one in those)), f"95 %, {of}")
    if verdict == "in-sample":
        return "in-sample" if in_words is None else f"{in_words} (in-sample, median of {of})"
    return "unresolved"


def _cautious(choose: Any, bounds: Iterable[Optional[float]]) -> Optional[float]:
    known = [bound for bound in map(_finite, bounds) if bound is not None]
    return choose(known) if known else None


def _interval(ends: Json, around: float) -> str:
    low, high = _finite(ends["low"]), _finite(ends["high"])
    start = "0" if low is None else number(low, around)
    return f" [{start}, ∞)" if high is None else f" [{start}, {number(high, around)}]"


def _bound(sign: str, value: Optional[float], of: str) -> str:
    known = _finite(value)
    return "unresolved" if known is None else f"{sign} {number(known, known)} ({of})"


def _finite(value: Optional[float]) -> Optional[float]:
    return value if value is not None and math.isfinite(value) else None

"""Figures of a result: those of the report, with matplotlib, from the same numbers."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence

from ._errors import Error

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

    from ._cells import Cell
    from ._result import Result

BLUE, GREEN, ORANGE, RED, GRAY = "#0072b2", "#009e73", "#d55e00", "#c4312a", "#7f7f7f"


def figure(result: "Result", number: int, kind: str) -> "matplotlib.figure.Figure":
    """A cell's curve, its distribution, or both beside each other."""
    import matplotlib.pyplot

    if kind not in ("both", "curve", "distribution"):
        raise ValueError(f'kind: expected "both", "curve" or "distribution", found {kind!r}')
    cell = result.cells[number]
    wanted = ["curve", "distribution"] if kind == "both" else [kind]
    drawn = matplotlib.pyplot.figure(figsize=(5.4 * len(wanted), 4.2), layout="constrained")
    for place, part in zip(drawn.subfigures(1, len(wanted), squeeze=False)[0], wanted):
        if part == "curve":
            curve(cell, place.subplots())
        else:
            upper, lower = place.subplots(2, 1, sharex=True, height_ratios=(3, 1))
            distribution(result, cell, upper, lower)
    if "inline" in matplotlib.get_backend():
        # A notebook shows what the call returns, and would show what is open once more.
        matplotlib.pyplot.close(drawn)
    return drawn


def curve(cell: "Cell", ax: "Optional[matplotlib.axes.Axes]" = None) -> "matplotlib.axes.Axes":
    """The metric against the number of generated events: its parts, its limit, the law of true events, n_train and n_equiv."""
    if ax is None:
        import matplotlib.pyplot

        ax = matplotlib.pyplot.gca()
    points = cell.curve
    if not points:
        raise Error(f"{cell}: expected a result, found none: {cell.reason}")
    label, root = cell.axis
    height = _root if root else _same
    law = cell.null_law
    if law and law.get("bands") is not None and not _known(points["model"]):
        for low, high, gray in [(4, 5, "#ececec"), (2, 3, "#d9d9d9"), (0, 1, "#c0c0c0")]:
            bands = [[end for band in each for end in band] for each in law["bands"]]
            ax.fill_between(law["n"], [height(b[low]) for b in bands], [height(b[high]) for b in bands], color=gray, lw=0)
    if law:
        ax.plot(law["n"], [height(value) for value in law["mean"]], color=GREEN, lw=1, label="true events")
    for key, color, marker, name in [
        ("statistical", GREEN, "^", r"statistical $\sigma_\mathrm{stat}$" if root else "statistical part"),
        ("model", ORANGE, "s", r"model $\sigma_\mathrm{model}$" if root else "model part"),
        ("value", BLUE, "o", "estimate"),
        ("truth", "black", "", "deviation from truth"),
    ]:
        if _known(points[key]):
            style = {"truth": "--", "value": "-"}.get(key, "none")
            ax.plot(_numbers(points["n_passed"]), [height(v) for v in points[key]], ls=style, marker=marker, ms=4, lw=1.2, color=color, label=name)
    _estimate(cell, ax, height)
    ax.set(xscale="log", yscale="log", xlabel=r"generated events $n_\mathrm{gen}$", ylabel=markup(label))
    _dress(ax, f"{cell.question}\nG = {cell.text}" if cell.text[0].isdigit() else f"{cell.question}\nG: {cell.text}")
    return ax


def distribution(result: "Result", cell: "Cell", upper: "matplotlib.axes.Axes", lower: "matplotlib.axes.Axes") -> None:
    """Training and generated events in bins of the cell's summary, and below their ratio."""
    import numpy as np

    name = cell.data["name"]
    keys = ("generator", "uncertainty", "summary", "selection")
    found: List[Dict[str, Any]] = [d for d in result.data["distributions"] if all(d[key] == name[key] for key in keys)]
    if not found:
        raise Error(f"{cell}: expected a distribution of its summary, found none")
    bins = found[0]
    edges = np.array(bins["edges"])
    widths, every = np.diff(edges), max(bins["training_events"], 1)
    counts, generated = np.array(bins["training"], float), np.array(bins["generated"], float)
    error = np.array(bins["generated_spread"] if bins.get("generated_error") is None else bins["generated_error"], float)
    middle, filled = edges[:-1] + widths / 2, counts > 0

    def band(ax: Any, values: Any, errors: Any) -> None:
        ends = [np.append(end, end[-1:]) for end in (values - errors, values + errors)]
        ax.fill_between(edges, *ends, step="post", color=BLUE, alpha=0.25, lw=0)

    band(upper, generated / widths, error / widths)
    upper.stairs(generated / widths, edges, color=BLUE, lw=1.3, label="generated")
    if bins.get("truth") is not None:
        upper.stairs(np.array(bins["truth"]) / widths, edges, color=RED, ls="--", lw=1.1, label="truth")
    shown: Dict[str, Any] = {"fmt": "o", "ms": 3, "color": "black", "lw": 1}
    density, of_density = counts / every / widths, np.sqrt(counts) / every / widths
    upper.errorbar(middle[filled], density[filled], of_density[filled], label="training", **shown)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio, of_ratio = generated * every / counts, error * every / counts
    ratio[~filled] = of_ratio[~filled] = np.nan
    band(lower, ratio, of_ratio)
    lower.stairs(ratio, edges, baseline=None, color=BLUE, lw=1.3)
    lower.errorbar(middle[filled], np.ones(filled.sum()), 1 / np.sqrt(counts[filled]), **shown)
    axis = markup(cell.summary if cell.summary != name["summary"] else bins["axis"])
    upper.set(ylabel="density", ylim=(0, None))
    lower.set(xlabel=axis, ylabel="ratio to training", ylim=(0.5, 1.5))
    _dress(upper, "")
    _dress(lower, None)


def _estimate(cell: "Cell", ax: "matplotlib.axes.Axes", height: Any) -> None:
    """The limit, n_train, and n_equiv with its interval or bound."""
    found = cell.data["replicas"][0]
    n_train, estimate = found["n_train_passed"], found["estimate"]
    ax.axvline(n_train, color=GRAY, lw=0.8)
    ax.annotate(r"$n_\mathrm{train}$", (n_train, 1.0), xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize="small")
    limit = height(estimate["limit"])
    if not limit > 0:
        return
    ax.axhline(limit, color=ORANGE, lw=1.1, ls=":", label=r"limit $n_\mathrm{gen} \to \infty$")
    ends, at, level = estimate["interval_68"], estimate["n_equiv"], "68 %"
    if estimate["verdict"] in ("at-least", "at-most"):
        bound = estimate["interval_95"]["high"] if estimate["verdict"] == "at-most" else estimate.get("bound") or estimate["interval_95"]["low"]
        ends, at, level = estimate["interval_95"], None if bound is None else bound * n_train, "95 %"
    sizes = [*cell.curve["n_passed"], *cell.null_law.get("n", [])]
    least, most = min(size for size in sizes if size > 0), max(sizes)
    if at is None or not least <= at <= 100 * most:
        return
    low, high = (default if end is None else end * n_train for end, default in ((ends["low"], least), (ends["high"], most)))
    ax.errorbar(
        [at], [limit], xerr=[[max(at - low, 0)], [max(high - at, 0)]], fmt="D", ms=4, color="black", label=rf"$n_\mathrm{{equiv}}$, {level}"
    )


def _dress(ax: "matplotlib.axes.Axes", title: Optional[str]) -> None:
    """Ticks on all sides that point inward, as figures of the field have them; without a title (None), no legend either."""
    ax.tick_params(which="both", direction="in", top=True, right=True)
    if title is not None:
        if ax.get_xscale() == "linear":
            ax.minorticks_on()
        ax.set_title(title, fontsize="small", loc="left", pad=14 if title else 4)
        ax.legend(frameon=False, fontsize="small")


def markup(text: str) -> str:
    """The program's ``_{...}`` and ``^{...}`` as matplotlib's; ``$...$`` is italic in both."""
    if text.count("$") % 2:
        text = text.replace("$", r"\$")
    return re.sub(r"([_^])\{([^}]*)\}", lambda found: f"${found[1]}\\mathrm{{{found[2]}}}$".replace(" ", r"\ "), text)


def _known(values: Optional[Sequence[Optional[float]]]) -> bool:
    return values is not None and any(value is not None for value in values)


def _numbers(values: Sequence[Optional[float]]) -> List[float]:
    return [_same(value) for value in values]


def _same(value: Optional[float]) -> float:
    return math.nan if value is None else value


def _root(value: Optional[float]) -> float:
    """Square root; what a subtraction made negative is not drawn."""
    return math.sqrt(value) if value is not None and value > 0 else math.nan

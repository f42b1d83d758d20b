"""Experiment files: ``amplicast run``, ``demonstrate`` and ``plan``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Sequence, Union

from ._options import options, settings
from ._process import Printed, absolute, call
from ._result import Result, finished

if TYPE_CHECKING:
    import os

    Path = Union[str, os.PathLike[str]]


def run(
    experiment: "Path",
    /,
    out: "Optional[Path]" = None,
    *,
    threads: Optional[int] = None,
    plugin_path: "Union[Path, Sequence[Path], None]" = None,
    trust_plugins: bool = False,
    time_limit: Optional[int] = None,
    quiet: bool = False,
    **overrides: Any,
) -> Result:
    """Runs an experiment: trains, samples, compares, and finds G.

    Args:
        experiment: the experiment file (.toml).
        out: the run's folder; what is stored there is not computed again. Without it the run lives as long as the result.
        threads: threads; all cores by default.
        plugin_path: folders with plugins, searched first.
        trust_plugins: load the plugins that the experiment brings: they are programs, and run with all your rights.
        time_limit: longest silence of a plugin's call in seconds before it counts as hung; 600 by default.
        quiet: do not show progress on ``sys.stderr``.
        overrides: values of the experiment: ``experiment={"seed": 2}``, or ``**{"summary.0.plugin": "radius"}``, where the tables of a list
            have numbers from 0 or names.

    Returns:
        The result. Cells that failed say why; a warning lists them.

    Raises:
        Error: if something is not right, or every cell failed.

    Example:
        >>> amplicast.run("examples/ring-2d.toml", out="runs/ring-2d", experiment={"n_gen": 1e6})
    """
    given = {"threads": threads, "plugin_path": plugin_path, "trust_plugins": trust_plugins, "time_limit": time_limit}
    with finished(out) as place:
        done = call(["run", absolute(experiment), *options({**given, "out": place.path}), *settings(overrides)], quiet=quiet)
        return place.result(done)


def demonstrate(
    experiment: "Path",
    /,
    out: "Optional[Path]" = None,
    *,
    threads: Optional[int] = None,
    plugin_path: "Union[Path, Sequence[Path], None]" = None,
    trust_plugins: bool = False,
    time_limit: Optional[int] = None,
    quiet: bool = False,
    **overrides: Any,
) -> Result:
    """Runs an experiment, and shows the three steps that Matchev et al. 2022 ask for: errors that are predicted, validated, and smaller than
    without generated events.

    Members must know their events (``halves``). The arguments are those of :func:`run`.

    Returns:
        The result; its ``demonstration`` tells the three steps, its ``histograms()`` are the distributions with their covariance.

    Raises:
        Error: if something is not right, or every cell failed.

    Example:
        >>> result = amplicast.demonstrate("examples/ring-2d.toml")
        >>> print(result.demonstration)
    """
    given = {"threads": threads, "plugin_path": plugin_path, "trust_plugins": trust_plugins, "time_limit": time_limit}
    with finished(out) as place:
        done = call(["demonstrate", absolute(experiment), *options({**given, "out": place.path}), *settings(overrides)], quiet=quiet)
        return place.result(done, demonstration=done.out)


def plan(
    experiment: "Path",
    /,
    *,
    resolve: Optional[float] = None,
    runs: Optional[int] = None,
    threads: Optional[int] = None,
    plugin_path: "Union[Path, Sequence[Path], None]" = None,
    trust_plugins: bool = False,
    quiet: bool = False,
    **overrides: Any,
) -> Printed:
    """Forecasts which G an experiment can resolve, and what it costs, before anything is trained.

    Args:
        experiment: the experiment file (.toml).
        resolve: a G; what it would take to resolve it.
        runs: simulated runs for each G; 20 by default.
        threads, plugin_path, trust_plugins, quiet, overrides: as in :func:`run`.

    Returns:
        The program's text.

    Raises:
        Error: if something is not right.

    Example:
        >>> amplicast.plan("examples/ring-2d.toml", resolve=20)
    """
    given = {"resolve": resolve, "runs": runs, "threads": threads, "plugin_path": plugin_path, "trust_plugins": trust_plugins}
    return Printed(call(["plan", absolute(experiment), *options(given), *settings(overrides)], quiet=quiet).expect().out)

"""How many true events is a generated sample worth?

The functions of this package are the commands of the program ``amplicast``, which comes with it and runs as a process of its own:

- :func:`estimate`: G from arrays, or files, of generated events;
- :func:`split`: the training events of members that are trained elsewhere;
- :func:`run`, :func:`demonstrate`, :func:`plan`: experiment files;
- :func:`load`: a finished run;
- :func:`command`: any other command.

They give a :class:`Result`, and raise :class:`Error` with the program's own words.
"""

from __future__ import annotations

from ._cells import Cell
from ._errors import Error
from ._estimate import estimate
from ._experiments import demonstrate, plan, run
from ._process import command
from ._result import Result, load
from ._split import Part, split

__all__ = [
    "Cell",
    "Error",
    "Part",
    "Result",
    "command",
    "demonstrate",
    "estimate",
    "load",
    "plan",
    "run",
    "split",
]


def __getattr__(name: str) -> str:
    if name == "__version__":
        # Looked up when it is asked for: it takes longer than everything else here.
        from importlib.metadata import version

        return version("amplicast")
    raise AttributeError(f"module 'amplicast' has no attribute '{name}'")

"""Where the program is."""

from __future__ import annotations

import os

from ._errors import Error

#: Names another program than the package's own: the one of a checkout, say.
VARIABLE = "AMPLICAST_PROGRAM"


def program() -> str:
    """The path of the program ``amplicast``; its plugins lie beside it.

    Raises:
        Error: if there is none.
    """
    named = os.environ.get(VARIABLE)
    if named:
        if not os.path.isfile(named):
            raise Error(f"{VARIABLE}: expected the program amplicast, found no file {named}")
        return os.path.abspath(named)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "amplicast")
    if not os.path.isfile(path):
        raise Error(
            f"this package has no program beside it ({path}): install the wheel that `cargo xtask wheel` makes, or name the program in "
            f"the environment variable {VARIABLE}"
        )
    return path

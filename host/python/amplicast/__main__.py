"""The command ``amplicast``: the program of this package takes the place of the interpreter."""

from __future__ import annotations

import os
import sys

from ._errors import Error
from ._program import program
from ._torch import environment


def main() -> None:
    """Runs the program with the arguments of this process; exit codes and signals are its own."""
    try:
        path = program()
    except Error as error:
        sys.exit(f"error: {error}")
    variables, problem = environment()
    if problem:
        print(f"warning: {problem}", file=sys.stderr)
    os.execve(path, [path, *sys.argv[1:]], variables)


if __name__ == "__main__":
    main()

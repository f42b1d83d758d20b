"""The program as a process: what it prints, how it is interrupted, how it fails."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, List, Optional, Sequence

from ._errors import Error, said
from ._program import program
from ._progress import Progress
from ._torch import environment

if TYPE_CHECKING:
    from subprocess import Popen

#: Seconds that an interrupted program has to store what it computed; then it is told again, and at last killed.
PATIENCE = 10.0


@dataclass(frozen=True)
class Finished:
    """What a call of the program printed, and its exit code."""

    out: str
    err: str
    code: int

    def expect(self, *codes: int) -> "Finished":
        """Raises :class:`Error` unless the exit code is 0 or one of these."""
        if self.code != 0 and self.code not in codes:
            raise Error(said(self.err, self.code), self.code)
        return self


class Printed(str):
    """Text that the program printed, which a notebook shows as it is."""

    def __repr__(self) -> str:
        return str(self)


def command(*arguments: str, quiet: bool = True) -> Printed:
    """Runs any command of the program.

    Args:
        arguments: what would stand behind ``amplicast`` on the command line.
        quiet: do not show progress and warnings on ``sys.stderr``.

    Returns:
        What it printed.

    Raises:
        Error: if it fails.

    Example:
        >>> amplicast.command("schema", "gaussian-ring")
    """
    return Printed(call([str(argument) for argument in arguments], quiet=quiet).expect().out)


def call(arguments: Sequence[str], folder: Optional[str] = None, quiet: bool = False) -> Finished:
    """Runs the program in a folder, shows its progress, and waits for its end.

    The interpreter's lock is free meanwhile. A KeyboardInterrupt stops the program before it is raised again.
    """
    import subprocess
    import tempfile
    import warnings

    variables, problem = environment()
    if problem and not quiet:
        warnings.warn(problem, stacklevel=3)
    lines: List[str] = []
    # A file takes what is printed at the end, however long: only one pipe has to be read meanwhile.
    with tempfile.TemporaryFile() as out:
        try:
            process = subprocess.Popen(
                [program(), *arguments],
                cwd=folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise Error(f"cannot start {program()}: {error}") from error
        with process, Progress(quiet) as progress:
            try:
                for line in process.stderr or ():
                    text = line.decode("utf-8", "replace").rstrip("\n")
                    lines.append(text)
                    progress.line(text)
                code = process.wait()
            except BaseException:
                _stop(process)
                raise
        out.seek(0)
        printed = out.read().decode("utf-8", "replace")
    return Finished(printed, "\n".join(lines), code)


def _stop(process: "Popen[bytes]") -> None:
    """Asks the program to end, again, and then ends it."""
    import signal
    import subprocess

    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            if process.poll() is None:
                process.send_signal(number)
            try:
                process.wait(PATIENCE)
                return
            except subprocess.TimeoutExpired:
                continue
    finally:
        # A second interrupt while it is waited for comes here as well.
        if process.poll() is None:
            process.kill()
            process.wait()


def absolute(path: "os.PathLike[str] | str") -> str:
    """A path that means the same in another working folder."""
    return os.path.abspath(os.path.expanduser(os.fspath(path)))

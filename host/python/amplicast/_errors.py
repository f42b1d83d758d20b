"""What the program says when something is not right."""

from __future__ import annotations

from typing import Optional


class Error(RuntimeError):
    """Something is not right: the text is that of the command line, without its ``error:``.

    Attributes:
        code: exit code of the program: 1 if a run failed, 2 if an argument, an array or a file is not right and nothing was run, 3 if it
            was stopped; negative if a signal ended it; None if it could not be started.

    Example:
        >>> try:
        ...     amplicast.estimate(train, members, region=(1, 0))
        ... except amplicast.Error as error:
        ...     print(error.code, error)
        2 --region: expected low < high, found [1, 0]
    """

    def __init__(self, message: str, code: Optional[int] = None) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self):
        # Both travel from a process of `multiprocessing` to another.
        return (type(self), (str(self), self.code))


def said(text: str, code: int) -> str:
    """What the program said of its failure: all from its last ``error: `` on, or the cells that failed."""
    lines = text.splitlines()
    begins = [i for i, line in enumerate(lines) if line.startswith("error: ")]
    if begins:
        lines = lines[begins[-1] :]
        return "\n".join(lines)[len("error: ") :].strip()
    failed = failures(text)
    if failed:
        return failed
    if code < 0:
        return f"the program was ended by {_signal(-code)}"
    return text.strip() or f"the program ended with exit code {code}"


def failures(text: str) -> str:
    """Cells without a result and why, as the program lists them; empty if there are none."""
    lines, inside = [], False
    for line in text.splitlines():
        inside = line.startswith("failed: ") or (inside and line.startswith("  "))
        if inside:
            lines.append(line)
    return "\n".join(lines)


def _signal(number: int) -> str:
    import signal

    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

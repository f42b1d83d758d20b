"""Progress: what the program says of it, or bars of tqdm."""

from __future__ import annotations

import re
import sys
from typing import Any, Dict

#: `generator ring/halves: 40 %, loss 1.2345, 12 s left`, which the program says every ten seconds.
UNDER_WAY = re.compile(r"^(?P<task>.+): (?P<percent>\d+) %(?:, loss (?P<loss>\S+))?, \d+ s left$")


class Progress:
    """Shows lines on ``sys.stderr``, which a notebook has as its own; with tqdm, tasks under way as bars.

    In quiet mode nothing is shown.
    """

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._bars: Dict[str, Any] = {}

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        for bar in self._bars.values():
            bar.close()

    def line(self, text: str) -> None:
        """Shows a line of the program's."""
        if self._quiet:
            return
        found = UNDER_WAY.match(text)
        if found and self._update(found["task"], int(found["percent"]), found["loss"]):
            return
        done = [task for task in self._bars if text.startswith(f"{task}: ")]
        for task in done:
            bar = self._bars.pop(task)
            bar.update(100 - bar.n)
            bar.close()
        print(text, file=sys.stderr, flush=True)

    def _update(self, task: str, percent: int, loss: "str | None") -> bool:
        """Moves a task's bar; false without tqdm."""
        if task not in self._bars:
            try:
                from tqdm.auto import tqdm
            except ImportError:
                return False
            self._bars[task] = tqdm(total=100, desc=task, unit="%", file=sys.stderr)
        bar = self._bars[task]
        bar.update(max(percent - bar.n, 0))
        if loss is not None:
            bar.set_postfix_str(f"loss {loss}")
        return True

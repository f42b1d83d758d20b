"""The plugins that need libtorch, of the package amplicast-torch, where there is the PyTorch that they were built with."""

from __future__ import annotations

import os
from typing import Dict, Optional, Tuple

#: Where the program looks for plugins first.
VARIABLE = "AMPLICAST_PLUGIN_PATH"


def environment() -> Tuple[Dict[str, str], Optional[str]]:
    """The variables of a process that runs the program, and why these plugins are left out, if they are there and cannot run."""
    variables = dict(os.environ)
    package = _folder("amplicast_torch")
    if package is None:
        return variables, None
    missing = _missing(package)
    if missing:
        return variables, f"the plugins of amplicast-torch are left out: {missing}"
    folders = [variables.get(VARIABLE), os.path.join(package, "bin")]
    variables[VARIABLE] = os.pathsep.join(folder for folder in folders if folder)
    return variables, None


def _missing(package: str) -> Optional[str]:
    """What they miss."""
    with open(os.path.join(package, "pytorch-version"), encoding="ascii") as file:
        built = file.read().strip()
    minor = _minor(built)
    cure = f"pip install 'torch=={minor}.*'"
    torch = _folder("torch")
    if torch is None:
        return f"expected PyTorch {minor}, found none: {cure}"
    # They find its libraries by a path from their own.
    if os.path.dirname(os.path.realpath(torch)) != os.path.dirname(os.path.realpath(package)):
        return f"expected PyTorch beside {package}, found it in {torch}: install both in one environment"
    found = _version(torch)
    if _minor(found) != minor:
        return f"they were built with PyTorch {built}, and {torch} is {found}: {cure}"
    return None


def _minor(version: str) -> str:
    return ".".join(version.split("+")[0].split(".")[:2])


def _folder(name: str) -> Optional[str]:
    """Where a package is, without importing it."""
    from importlib.util import find_spec

    found = find_spec(name)
    return os.path.dirname(found.origin) if found is not None and found.origin else None


def _version(torch: str) -> str:
    try:
        with open(os.path.join(torch, "version.py"), encoding="utf-8") as file:
            for line in file:
                if line.startswith("__version__ = "):
                    return line.split("=", 1)[1].strip().strip("'\"")
    except OSError:
        pass
    return "of no version"

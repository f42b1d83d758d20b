"""The user's file, and what it needs: its module, other files, packages."""

import importlib.metadata
import importlib.util
import os
import sys
import sysconfig


class Wrong(Exception):
    """A mistake of the class's author, in words of its own."""


def imported(path):
    """The module of a file, with its folder first on the path of imports."""
    folder, name = os.path.dirname(path), os.path.splitext(os.path.basename(path))[0]
    sys.path.insert(0, folder)
    sys.argv = [path]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None:
        raise Wrong("expected a Python file (.py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def own_files():
    """Files of all modules that belong to no installed package: those beside the file, and of other folders of the path of imports."""
    paths = sysconfig.get_paths()
    installed = {os.path.realpath(paths[kind]) + os.sep for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    files = set()
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and os.path.isfile(path):
            path = os.path.realpath(path)
            if not path.startswith(tuple(installed)) and f"{os.sep}site-packages{os.sep}" not in path:
                files.add(path)
    return sorted(files)


def packages():
    """Names and versions of the installed packages that are imported."""
    names = {name.partition(".")[0] for name in list(sys.modules)}
    names -= set(getattr(sys, "stdlib_module_names", ())) | set(sys.builtin_module_names)
    found, others = {}, set()
    for name in names:
        try:
            found[name.lower()] = importlib.metadata.version(name)
        except Exception:
            others.add(name)
    others = {name for name in others if not name.startswith("_")}
    for distribution in importlib.metadata.distributions() if others else ():
        tops = (distribution.read_text("top_level.txt") or "").split()
        tops = tops or {file.parts[0].partition(".")[0] for file in distribution.files or ()}
        if others.intersection(tops):
            found[distribution.metadata["Name"].lower()] = distribution.version
    return found

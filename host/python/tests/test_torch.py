"""The plugins of amplicast-torch: taken with the PyTorch that they were built with, and left out with a reason otherwise."""

from __future__ import annotations

import os
import sys

import pytest

from amplicast._process import call
from amplicast._torch import VARIABLE, environment


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Makes folders of packages that can be imported, and hides those that are installed."""

    def make(torch, built="2.13.0", beside=True):
        folders = [tmp_path / "packages", tmp_path / ("packages" if beside else "others")]
        for folder in folders:
            folder.mkdir(exist_ok=True)
            monkeypatch.syspath_prepend(str(folder))
        (folders[0] / "amplicast_torch").mkdir()
        (folders[0] / "amplicast_torch" / "__init__.py").write_text("")
        (folders[0] / "amplicast_torch" / "pytorch-version").write_text(built)
        if torch:
            (folders[1] / "torch").mkdir()
            (folders[1] / "torch" / "__init__.py").write_text("raise ImportError('it is not to be imported')")
            (folders[1] / "torch" / "version.py").write_text(f"from typing import Optional\n__version__ = '{torch}'\n")
        for name in ("torch", "amplicast_torch"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        return str(folders[0])

    return make


@pytest.mark.parametrize("found", ["2.13.0", "2.13.1+cpu"])
def test_they_come_after_the_users_own(packages, monkeypatch, found):
    place = packages(found)
    own = os.path.join(place, "amplicast_torch", "bin")
    monkeypatch.delenv(VARIABLE, raising=False)
    assert environment()[0][VARIABLE] == own
    monkeypatch.setenv(VARIABLE, "/mine")
    assert environment() == ({**os.environ, VARIABLE: f"/mine:{own}"}, None)


def test_another_pytorch_leaves_them_out(packages, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    place = packages("2.15.0")
    variables, problem = environment()
    assert VARIABLE not in variables
    assert problem == (
        f"the plugins of amplicast-torch are left out: they were built with PyTorch 2.13.0, and {place}/torch is 2.15.0: "
        "pip install 'torch==2.13.*'"
    )
    with pytest.warns(UserWarning, match="they were built with PyTorch 2.13.0"):
        assert call(["--version"]).code == 0


def test_a_pytorch_of_another_place_leaves_them_out(packages):
    packages("2.13.0", beside=False)
    assert "install both in one environment" in environment()[1]

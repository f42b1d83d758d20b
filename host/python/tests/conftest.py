"""Samples that all tests share: a Gaussian ring in two dimensions, fitted by the mean and width of its radius."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

import amplicast
from amplicast._program import program

ASKED = {"summary": "radius", "quantiles": 20, "regions": "2-19"}


def ring(random, n, mean=1.0, width=0.1):
    """n events on the ring, n x 2."""
    radius, angle = random.normal(mean, width, n), random.uniform(0, 2 * np.pi, n)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def fitted(random, events, n):
    """n events of a fit to some."""
    radius = np.hypot(*events.T)
    return ring(random, n, radius.mean(), radius.std())


@pytest.fixture(scope="session")
def sample():
    """Training events, halves of them, and what fits to both generate."""
    random = np.random.default_rng(7)
    train = ring(random, 600)
    parts = amplicast.split(train, halves=6)
    return SimpleNamespace(
        train=train,
        rows=[part.rows for part in parts],
        members=[fitted(random, part.events, 5000) for part in parts],
        full=[fitted(random, train, 5000) for _ in range(2)],
        holdout=ring(random, 2000),
    )


@pytest.fixture
def command(tmp_path):
    """Runs the command line in a folder of its own: text, errors and exit code."""

    def run(*arguments):
        done = subprocess.run([program(), *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=300)
        return SimpleNamespace(out=done.stdout, err=done.stderr, code=done.returncode)

    return run


@pytest.fixture
def estimated(sample):
    """G of the shared sample, with other arguments in place of its own."""

    def run(**other):
        given = {
            "train": sample.train,
            "members": sample.members,
            "full": sample.full,
            "members_rows": sample.rows,
            "quiet": True,
            **ASKED,
            **other,
        }
        return amplicast.estimate(**given)

    return run


@pytest.fixture(scope="session")
def experiment(tmp_path_factory):
    """An experiment file that runs in a second."""
    file = tmp_path_factory.mktemp("experiment") / "mixture.toml"
    file.write_text(
        """
[experiment]
n_gen = 5000

[dataset]
plugin = "gaussian"

[[generator]]
plugin = "gaussian-fit"
fit_width = true

[[uncertainty]]
plugin = "halves"

[[summary]]
plugin = "coordinate"

[[metric]]
plugin = "integral"
quantiles = 20
regions = "2-19"
"""
    )
    return file

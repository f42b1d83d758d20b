"""Experiment files, and the parts that members are fitted to."""

from __future__ import annotations

import math

import numpy as np
import pytest

import amplicast
from amplicast._options import intervals, options, quantile_regions, settings


def test_run_is_the_command_line(experiment, command, tmp_path):
    line = command("run", str(experiment), "--out", "run", "--set", "experiment.seed=4")
    found = amplicast.run(experiment, quiet=True, experiment={"seed": 4})
    assert line.code == 0 and found.to_json() == (tmp_path / "run/results.json").read_bytes()
    assert found.text.split("report:")[0] == line.out.split("report:")[0]
    dotted = amplicast.run(experiment, quiet=True, **{"experiment.seed": 4, "summary.0.plugin": "coordinate"})
    assert dotted.to_json() == found.to_json()
    assert amplicast.run(experiment, quiet=True).to_json() != found.to_json()


def test_a_wrong_override_is_an_error(experiment):
    with pytest.raises(amplicast.Error, match="no: unknown table `no`, expected one of `experiment`") as found:
        amplicast.run(experiment, quiet=True, no={"such": {"key": 1}})
    assert found.value.code == 2


def test_demonstrate_tells_the_three_steps(experiment, command):
    found = amplicast.demonstrate(experiment, quiet=True)
    for step in (1, 2, 3):
        assert f"step {step}: " in found.demonstration
    assert len(found.histograms()) == 1
    line = command("demonstrate", str(experiment), "--out", "run")
    assert line.out.split("histogram with")[0] == found.demonstration.split("histogram with")[0]


def test_plan_forecasts(experiment, command):
    found = amplicast.plan(experiment, runs=3, resolve=2, quiet=True)
    assert found == command("plan", str(experiment), "--runs", "3", "--resolve", "2").out
    assert "to resolve G = 2.0" in found and repr(found) == str(found)


def test_parts_are_those_of_the_command_line(sample, command, tmp_path):
    np.save(tmp_path / "train.npy", sample.train)
    asked = ["--halves", "10", "--bootstraps", "3", "--subsets", "4", "--seed", "5"]
    assert command("split", "--train", "train.npy", "--out", "parts", *asked).code == 0
    parts = amplicast.split(sample.train, halves=10, bootstraps=3, subsets=4, seed=5)
    assert [part.name for part in parts[:2]] == ["half_01", "half_02"] and len(parts) == 17
    for part in parts:
        assert (part.rows == np.load(tmp_path / f"parts/{part.name}.rows.npy")).all()
        assert (part.events == np.load(tmp_path / f"parts/{part.name}.npy")).all()
        assert len(part) == len(part.rows) and part.path is None
    assert sorted([*parts[0].rows, *parts[1].rows]) == list(range(600))
    other = amplicast.split(sample.train, halves=10)
    assert not (other[0].rows == parts[0].rows).all()


def test_parts_keep_shape_and_type():
    events = np.random.default_rng(1).normal(size=(50, 3, 4)).astype(np.float32)
    part = amplicast.split(events, subsets=4)[2]
    assert part.events.shape == (12, 3, 4) and part.events.dtype == np.float32
    assert amplicast.split(events.tolist(), subsets=4)[2].events.shape == (12, 3, 4)
    assert set(amplicast.split({"x": events[:, 0, 0]}, subsets=4)[2].events) == {"x"}


def test_parts_may_be_files(sample, tmp_path):
    np.save(tmp_path / "train.npy", sample.train)
    parts = amplicast.split(tmp_path / "train.npy", halves=6, out=tmp_path / "parts")
    assert parts[0].path == str(tmp_path / "parts/half_1.npy")
    assert (parts[0].events == sample.train[parts[0].rows]).all()
    arrays = amplicast.split(sample.train, halves=6, out=tmp_path / "arrays")
    assert (np.load(arrays[0].path) == parts[0].events).all()
    with pytest.raises(TypeError, match="name their folder"):
        amplicast.split(tmp_path / "train.npy", halves=6)


def test_too_few_halves_are_refused(sample):
    with pytest.raises(amplicast.Error, match="invalid value '4' for '--halves"):
        amplicast.split(sample.train, halves=4)
    with pytest.raises(amplicast.Error, match="--halves: expected an even number"):
        amplicast.split(sample.train, halves=7)


def test_keywords_are_options():
    given = {"members_data": "halves", "events": 10, "trust_plugins": True, "holdout": None, "metric": ["mean", "ks"], "columns": ["x", "y"]}
    assert options(given) == ["--members-data=halves", "--events=10", "--trust-plugins", "--metric=mean", "--metric=ks", "--columns=x,y"]


def test_regions():
    assert intervals((600, 700.0)) == ["600:700"]
    assert intervals([(-math.inf, 0.5), "1:2", np.array([2.5, np.inf])]) == ["-inf:0.5", "1:2", "2.5:inf"]
    assert intervals("600:inf") == ["600:inf"] and intervals(None) == []
    assert quantile_regions(range(2, 20)) == "2-19" == quantile_regions("2-19")
    assert quantile_regions([1, 20]) == "1,20" and quantile_regions(7) == "7"
    with pytest.raises(TypeError, match="region="):
        quantile_regions([(600, 700)])


def test_overrides_are_toml():
    given = {"a": {"b": 1e6, "c": True}, "d.0.e": ["x", 2], "f": [{"plugin": "ks", "g": [1.5]}], "h": 'say "no"'}
    assert settings(given) == [
        "--set=a.b=1000000.0",
        "--set=a.c=true",
        '--set=d.0.e=["x", 2]',
        '--set=f=[{"plugin" = "ks", "g" = [1.5]}]',
        '--set=h="say \\"no\\""',
    ]

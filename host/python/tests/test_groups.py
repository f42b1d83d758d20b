"""Training events that belong together, as arrays and as columns."""

from __future__ import annotations

import numpy as np
import pytest

import amplicast

ASKED = dict(summary="coordinate:0", region=(0, 0.5))


@pytest.fixture(scope="module")
def given():
    """Five events of each of 400 groups, which have most of their number in common."""
    random = np.random.default_rng(5)
    groups = np.repeat(np.arange(400), 5)
    train = np.sqrt(0.8) * random.normal(size=400)[groups] + np.sqrt(0.2) * random.normal(size=2000)
    parts = amplicast.split(train, halves=6, groups=groups)
    members = [random.normal(part.events.mean(), 1, 20_000) for part in parts]
    full = [random.normal(train.mean(), 1, 20_000) for _ in range(2)]
    return train, groups, parts, members, full


def test_parts_are_whole_groups(given):
    _, groups, parts, _, _ = given
    for part in parts:
        numbers, counts = np.unique(groups[part.rows], return_counts=True)
        assert len(numbers) == 200 and set(counts) == {5}


def test_an_array_and_a_column_are_the_same(given):
    train, groups, parts, members, full = given
    asked = dict(members_rows=[part.rows for part in parts], quiet=True, **ASKED)
    by_array = amplicast.estimate(train, members, groups=groups, full=full, **asked)
    assert by_array.data["groups"] == {"number": 400, "largest": 5, "effective": 400.0}
    columns = {"x": train, "event": groups}
    by_name = amplicast.estimate(
        columns, [{"x": m} for m in members], groups="event", full=[{"x": m} for m in full], **asked
    )
    assert [one.text for one in by_name.cells] == [one.text for one in by_array.cells]
    for one, part in zip(amplicast.split(columns, halves=6, groups="event"), parts):
        np.testing.assert_array_equal(one.rows, part.rows)


def test_what_is_no_group(given):
    train, groups, _, members, _ = given
    with pytest.raises(ValueError, match="groups: expected one number an event, found the shape"):
        amplicast.split(train, halves=6, groups=np.zeros((2000, 2)))
    with pytest.raises(amplicast.Error, match="expected the events of a group next to each other"):
        amplicast.split(train, halves=6, groups=groups % 7)
    with pytest.raises(TypeError, match="groups_file"):
        amplicast.split("train.npy", halves=6, groups=groups, out="nowhere")

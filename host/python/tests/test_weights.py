"""Training events that carry weights, as arrays and as columns."""

from __future__ import annotations

import numpy as np
import pytest

import amplicast

from conftest import ASKED, ring


def weighted(random, n):
    """A wider ring, weighted to the usual one, with its weights; some are negative."""
    events = ring(random, n, width=0.2)
    radius = np.hypot(*events.T)
    weights = np.exp(-0.5 * ((radius - 1) / 0.1) ** 2 + 0.5 * ((radius - 1) / 0.2) ** 2)
    # An event in twenty counts against the others, which count more for it.
    signs = np.where(random.random(n) < 0.05, -1.0, 1.0)
    return events, weights * signs / 0.9


def fitted(random, events, weights, n):
    radius = np.hypot(*events.T)
    mean = np.average(radius, weights=weights)
    return ring(random, n, mean, np.sqrt(np.average((radius - mean) ** 2, weights=weights)))


@pytest.fixture(scope="module")
def given():
    random = np.random.default_rng(11)
    train, weights = weighted(random, 3000)
    parts = amplicast.split(train, halves=6, weights=weights)
    members = [fitted(random, part.events, part.weights, 20_000) for part in parts]
    full = [fitted(random, train, weights, 20_000) for _ in range(2)]
    return train, weights, parts, members, full


def test_parts_have_the_weights_of_their_events(given):
    train, weights, parts, _, _ = given
    for part in parts:
        np.testing.assert_array_equal(part.weights, weights[part.rows])
        np.testing.assert_array_equal(part.events, train[part.rows])


def test_an_array_and_a_column_are_the_same(given):
    train, weights, parts, members, full = given
    rows = [part.rows for part in parts]
    asked = dict(full=full, members_rows=rows, quiet=True, **ASKED)
    by_array = amplicast.estimate(train, members, weights=weights, **asked)
    cell = by_array.cells[0]
    assert by_array.data["weights"]["negative"] == pytest.approx((weights < 0).mean())
    assert by_array.data["weights"]["effective"] == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    unweighted = amplicast.estimate(train, members, **asked)
    assert unweighted.cells[0].text != cell.text
    columns = {"x": train[:, 0], "y": train[:, 1], "w": weights}
    by_name = amplicast.estimate(columns, [{"x": m[:, 0], "y": m[:, 1]} for m in members], weights="w", **{
        **asked, "full": [{"x": m[:, 0], "y": m[:, 1]} for m in full]
    })
    assert [one.text for one in by_name.cells] == [one.text for one in by_array.cells]


def test_parts_of_columns(given):
    train, weights, parts, _, _ = given
    columns = {"x": train[:, 0], "y": train[:, 1], "w": weights}
    for one, part in zip(amplicast.split(columns, halves=6, weights="w"), parts):
        np.testing.assert_array_equal(one.rows, part.rows)
        np.testing.assert_array_equal(one.weights, part.weights)


def test_files_of_parts_have_files_of_weights(given, tmp_path):
    train, weights, _, _, _ = given
    for part in amplicast.split(train, halves=6, weights=weights, out=tmp_path):
        np.testing.assert_array_equal(np.load(tmp_path / f"{part.name}.weights.npy"), weights[part.rows])
    np.save(tmp_path / "train.npy", train)
    np.save(tmp_path / "w.npy", weights)
    parts = amplicast.split(tmp_path / "train.npy", halves=6, weights_file=tmp_path / "w.npy", out=tmp_path / "again")
    np.testing.assert_array_equal(parts[2].weights, weights[parts[2].rows])


def test_what_is_no_weights(given):
    train, weights, _, members, _ = given
    with pytest.raises(ValueError, match="weights: expected one number an event, found the shape"):
        amplicast.estimate(train, members, weights=train)
    with pytest.raises(amplicast.Error, match="weights"):
        amplicast.estimate(train, members, weights=weights[:-1], members_data="halves", quiet=True, **ASKED)
    with pytest.raises(TypeError, match="weights_file"):
        amplicast.split("train.npy", halves=6, weights=weights, out="nowhere")


def test_generated_events_with_weights(given):
    train, weights, parts, members, _ = given
    random = np.random.default_rng(12)
    rows = [part.rows for part in parts]
    drawn = [weighted(random, 30_000) for _ in range(len(members) + 2)]
    # Those that may have negative weights are none that are generated.
    events, of_events = [one for one, _ in drawn], [np.abs(w) for _, w in drawn]
    full, of_full = events[-2:], of_events[-2:]
    events, of_events = events[:-2], of_events[:-2]
    asked = dict(members_rows=rows, quiet=True, **ASKED)
    by_array = amplicast.estimate(
        train, events, weights=weights, members_weights=of_events, full=full, full_weights=of_full, **asked
    )
    note = [w for w in by_array.data["warnings"] if "count alike" in str(w)]
    assert len(note) == 1 and "full_1.npy and 7 more: each event is kept with the probability" in str(note[0])

    def table(events, weights):
        return {"x": events[:, 0], "y": events[:, 1], "w": weights}

    tables = [table(*one) for one in zip(events, of_events)]
    full_tables = [table(*one) for one in zip(full, of_full)]
    by_name = amplicast.estimate(table(train, weights), tables, weights="w", members_weights="w", full=full_tables, **asked)
    assert [one.text for one in by_name.cells] == [one.text for one in by_array.cells]
    # Without the weights the ring is twice as wide.
    ignored = amplicast.estimate(train, events, weights=weights, full=full, **asked)
    assert [one.text for one in ignored.cells] != [one.text for one in by_array.cells]
    with pytest.raises(amplicast.Error, match="--members-weights-file: expected a path or pattern for each of 6, found 5"):
        amplicast.estimate(train, events, members_weights=of_events[:-1], **asked)
    with pytest.raises(amplicast.Error, match="row 0: expected event weights of 0 or more of a generated sample, found -1"):
        amplicast.estimate(train, events, members_weights=[-w for w in of_events], **asked)
    with pytest.raises(TypeError, match="full_weights: expected an array"):
        amplicast.estimate(train, events, members_weights="w", full_weights="w", **asked)

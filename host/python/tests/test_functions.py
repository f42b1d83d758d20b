"""Summaries that are Python functions."""

from __future__ import annotations

import numpy as np
import pytest

import amplicast
from amplicast import _summaries


def radius(events):
    """The norm of events, as `radius` computes it."""
    return np.sqrt((events**2).sum(axis=1))


def numbers(cell):
    """What depends on the values of a summary alone."""
    return [cell.g, cell.interval_68, cell.interval_95, cell.bound, cell.verdict]


def test_a_function_gives_the_numbers_of_the_same_summary(estimated):
    found, named = estimated(summary=radius), estimated(summary="radius")
    assert [numbers(cell) for cell in found.cells] == [numbers(cell) for cell in named.cells]
    assert (found.cells[0].summary, found.cells[0].data["name"]["summary"]) == ("radius", "coordinate:0")
    assert "coordinate:0: radius" in str(found)
    assert found.table()["summary"][0] == "radius" if hasattr(found.table(), "columns") else found.table()[0]["summary"] == "radius"


def test_several_functions_are_several_summaries(estimated):
    found = estimated(summary=[radius, lambda events: events[:, 0]])
    assert [cell.summary for cell in found.cells] == ["radius", "radius", "function 2", "function 2"]
    second = estimated(summary="coordinate:0").cells[0]
    assert numbers(found.cells[2]) == numbers(second)


def test_names_and_functions_are_two_calls(estimated):
    with pytest.raises(TypeError, match="two calls"):
        estimated(summary=["radius", radius])


def test_functions_see_single_precision_as_double(sample, estimated):
    seen = []

    def look(events):
        seen.append((events.dtype, events.shape[1:]))
        return radius(events)

    given = {
        "train": sample.train.astype(np.float32),
        "members": [m.astype(np.float32) for m in sample.members],
        "full": [m.astype(np.float32) for m in sample.full],
    }
    assert numbers(estimated(summary=look, **given).cells[0]) == numbers(estimated(**given).cells[0])
    assert set(seen) == {(np.dtype("f8"), (2,))}


def test_functions_see_some_rows_at_a_time_and_change_nothing(monkeypatch):
    monkeypatch.setattr(_summaries, "CHUNK", 4)
    lengths, events = [], np.arange(20.0).reshape(10, 2)

    def spoils(some):
        lengths.append(len(some))
        first = some[:, 0].copy()
        some[:] = -1
        return first

    found = _summaries.with_values(events, [spoils], "train")
    assert lengths == [4, 4, 2]
    assert (found == np.column_stack([events[:, 0], events])).all()


def test_named_columns_stay_beside_the_values(sample, estimated):
    def columns(events):
        return {"x": events[:, 0], "y": events[:, 1]}

    given = {"train": columns(sample.train), "members": [columns(m) for m in sample.members], "full": [columns(m) for m in sample.full]}
    assert numbers(estimated(summary=radius, **given).cells[0]) == numbers(estimated().cells[0])
    # The program leaves an index out; the values come before it.
    given["train"] = {"index": np.arange(len(sample.train)), **given["train"]}
    found = estimated(summary=lambda events: radius(events[:, -2:]), **given)
    assert numbers(found.cells[0]) == numbers(estimated().cells[0])


def test_files_are_read_for_a_function(sample, estimated, tmp_path):
    for i, events in enumerate(sample.members):
        np.save(tmp_path / f"m{i}.npy", events)
    found = estimated(members=str(tmp_path / "m?.npy"), summary=radius)
    assert numbers(found.cells[0]) == numbers(estimated().cells[0])
    with pytest.raises(amplicast.Error, match="events.h5: expected an array, or a .npy file"):
        estimated(train="events.h5", summary=radius)


@pytest.mark.parametrize(
    "function, text",
    [
        (lambda x: x, r"of train, rows 0 to 599: expected 600 values, found the shape \(600, 2\)"),
        (lambda x: x[:5, 0], r"of train, rows 0 to 599: expected 600 values, found the shape \(5,\)"),
        (lambda x: 1.0, r"expected 600 values, found the shape \(\)"),
        (lambda x: x[:, 0] * 1j, "of train, row 0: expected numbers, found the type complex128"),
        (lambda x: np.where(np.arange(len(x)) == 41, np.nan, x[:, 0]), "of train, row 41: expected a finite number, found nan"),
    ],
)
def test_wrong_values_are_an_error_at_their_row(estimated, function, text):
    with pytest.raises(amplicast.Error, match=text) as found:
        estimated(summary=function)
    assert found.value.code == 2


def test_the_array_and_its_own_row_are_named(sample, estimated):
    calls = []

    def late(events):
        calls.append(len(events))
        values = radius(events)
        if len(calls) == 3:  # the second member
            values[17] = np.inf
        return values

    with pytest.raises(amplicast.Error, match="summary `late` of member_2, row 17: expected a finite number, found inf"):
        estimated(summary=late)


def test_what_a_function_raises_comes_through(estimated):
    def breaks(events):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        estimated(summary=breaks)

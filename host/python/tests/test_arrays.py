"""Events in whatever Python has them give the same G."""

from __future__ import annotations

import numpy as np
import pytest

import amplicast
from amplicast._arrays import array_of, chosen


def same(one, other):
    """Two results that have the same numbers."""
    return one.data["cells"] == other.data["cells"]


def test_fortran_order_is_c_order(sample, estimated):
    found = estimated(train=np.asfortranarray(sample.train), members=[np.asfortranarray(m) for m in sample.members])
    assert found.to_json() == estimated().to_json()


def test_views_and_read_only_arrays(sample, estimated):
    wide = np.zeros((len(sample.train), 5))
    wide[:, 1::2] = sample.train
    train = wide[:, 1::2]
    train.flags.writeable = False
    assert estimated(train=train).to_json() == estimated().to_json()


def test_single_precision_is_read_as_such(sample, estimated):
    members = [m.astype(np.float32) for m in sample.members]
    full = [m.astype(np.float32) for m in sample.full]
    train = sample.train.astype(np.float32)
    found = estimated(train=train, members=members, full=full)
    double = estimated(train=train.astype(float), members=[m.astype(float) for m in members], full=[m.astype(float) for m in full])
    assert same(found, double)
    assert found.to_json() != estimated().to_json()


def test_other_byte_orders_lists_and_one_number_an_event(sample):
    train = np.hypot(*sample.train.T)
    members = [np.hypot(*m.T) for m in sample.members]
    asked = {"quantiles": 10, "regions": range(2, 10), "members_data": "halves", "quiet": True}
    found = amplicast.estimate(train, members, **asked)
    swapped = amplicast.estimate(train.astype(">f8"), [m.astype(">f8") for m in members], **asked)
    listed = amplicast.estimate(train.tolist(), np.stack([m[:, None] for m in members]), **asked)
    assert same(found, swapped) and same(found, listed)


def test_tensors(sample, estimated):
    torch = pytest.importorskip("torch")
    train = torch.tensor(sample.train, requires_grad=True)
    members = [torch.tensor(m) for m in sample.members]
    assert estimated(train=train, members=members).to_json() == estimated().to_json()
    assert torch.equal(chosen(train, np.array([2, 0])), train[[2, 0]])


def test_tensors_as_they_behave(sample, estimated):
    class Tensor:
        """What a torch tensor that needs gradients does."""

        def __init__(self, array, attached=True):
            self.array, self.attached = array, attached

        def detach(self):
            return Tensor(self.array, False)

        def cpu(self):
            return self

        def numpy(self):
            assert not self.attached
            return self.array

        def __array__(self, *_, **__):
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")

    assert estimated(train=Tensor(sample.train)).to_json() == estimated().to_json()


def test_columns_keep_their_names(sample, estimated):
    columns = {"x": sample.train[:, 0], "y": sample.train[:, 1], "event": np.arange(len(sample.train))}
    members = [{"x": m[:, 0], "y": m[:, 1]} for m in sample.members + sample.full]
    found = estimated(train=columns, members=members[:-2], full=members[-2:])
    # The number of the event is left out, as it is of files.
    assert same(found, estimated())


def test_data_frames(sample, estimated):
    pandas = pytest.importorskip("pandas")

    def frame(events):
        return pandas.DataFrame({"y": events[:, 1], "weight_like": 1.0, "x": events[:, 0]}, index=range(7, 7 + len(events)))

    given = {"train": frame(sample.train), "members": [frame(m) for m in sample.members], "full": [frame(m) for m in sample.full]}
    with pytest.raises(amplicast.Error, match="weight"):
        estimated(**given)
    assert same(estimated(**given, columns=["x", "y"]), estimated())
    unnamed = pandas.DataFrame(sample.train)
    assert estimated(train=unnamed).to_json() == estimated().to_json()
    part = amplicast.split(given["train"], halves=6)[0]
    assert list(part.events.columns) == ["y", "weight_like", "x"]
    assert (part.events["x"].to_numpy() == sample.train[part.rows, 0]).all()


def test_awkward_arrays(sample, estimated):
    awkward = pytest.importorskip("awkward")
    assert estimated(train=awkward.Array(sample.train)).to_json() == estimated().to_json()
    records = awkward.zip({"x": sample.train[:, 0], "y": sample.train[:, 1]})
    assert array_of(records, "train").dtype.names == ("x", "y")
    with pytest.raises(ValueError):
        array_of(awkward.Array([[1.0], [1.0, 2.0]]), "train")


def test_four_momenta():
    random = np.random.default_rng(3)

    def events(n):
        p = random.normal(size=(n, 2, 3))
        return np.concatenate([np.sqrt((p**2).sum(-1, keepdims=True) + 1), p], axis=-1)

    train, members = events(400), np.stack([events(3000) for _ in range(6)])
    asked = {"quantiles": 5, "regions": "2-4", "members_data": "posterior", "quiet": True}
    found = amplicast.estimate(train, members, summary="invariant-mass:0,1", **asked)
    last = amplicast.estimate(
        train[..., [1, 2, 3, 0]], members[..., [1, 2, 3, 0]], summary="invariant-mass:0,1", layout=("px", "py", "pz", "E"), **asked
    )
    assert same(found, last)

    def mass(p):
        total = p.sum(axis=1)
        return np.sqrt(total[:, 0] ** 2 - (total[:, 1:] ** 2).sum(1))

    ours = amplicast.estimate(train, members, summary=mass, **asked)
    assert ours.cells[0].g == pytest.approx(found.cells[0].g, rel=1e-9)


@pytest.mark.parametrize(
    "data, text",
    [
        (np.array([["a", "b"]]), "train: expected numbers, found the type <U1"),
        (np.array([[1j]]), "train: expected numbers, found the type complex128"),
        ({"x": np.zeros(3), "y": np.zeros(4)}, "train, column `y`: expected 3 numbers"),
        ({"x": np.array([None, 1.0])}, "train, column `x`: expected numbers, found the type object"),
    ],
)
def test_what_holds_no_numbers_is_refused(data, text):
    with pytest.raises((TypeError, ValueError)) as found:
        array_of(data, "train")
    assert text in str(found.value)


def test_one_array_is_no_list_of_members(sample, estimated):
    with pytest.raises(TypeError, match="expected a list of arrays, one for each member"):
        estimated(members=sample.members[0])


def test_rows_are_row_numbers(sample, estimated):
    mask = np.zeros(len(sample.train), bool)
    with pytest.raises(TypeError, match=r"members_rows\[0\]: expected row numbers"):
        estimated(members_rows=[mask] * 6)
    with pytest.raises(TypeError, match="the same"):
        estimated(rows=sample.rows)

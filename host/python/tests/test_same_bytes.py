"""A result of arrays is the command line's result of files, byte by byte."""

from __future__ import annotations

import numpy as np
import pytest

import amplicast


def write(folder, sample, train=None):
    """The files by the names that the package gives arrays."""
    np.save(folder / "train.npy", sample.train if train is None else train)
    np.save(folder / "holdout.npy", sample.holdout)
    for i, (events, rows) in enumerate(zip(sample.members, sample.rows)):
        np.save(folder / f"member_{i + 1}.npy", events)
        np.save(folder / f"member_{i + 1}.rows.npy", rows)
    for i, events in enumerate(sample.full):
        np.save(folder / f"full_{i + 1}.npy", events)


FILES = ["--train", "train.npy", "--members", "member_?.npy", "--full", "full_?.npy", "--members-rows", "member_?.rows.npy"]
ASKED = ["--summary", "radius", "--quantiles", "20", "--regions", "2-19", "--out", "run"]


def test_arrays_and_files_give_the_same_bytes(sample, estimated, command, tmp_path):
    write(tmp_path, sample)
    assert command("estimate", *FILES, *ASKED, "--holdout", "holdout.npy").code == 0
    found = estimated(holdout=sample.holdout)
    assert found.to_json() == (tmp_path / "run/results.json").read_bytes()
    assert [cell.reference for cell in found.cells] == ["", "training", "holdout"]


def test_findings_that_name_files_are_the_same_too(sample, estimated, command, tmp_path):
    # A member that copies a third of the training events, which is found and said by its file.
    copied = [np.array(events) for events in sample.members]
    copied[2][:200] = sample.train[:200]
    sample = type(sample)(**{**vars(sample), "members": copied})
    write(tmp_path, sample)
    assert command("estimate", *FILES, *ASKED).code == 0
    found = estimated(members=copied)
    assert found.to_json() == (tmp_path / "run/results.json").read_bytes()
    assert found.data["inspections"][0]["findings"]


def test_file_names_are_those_of_the_command_line(sample, command, tmp_path, monkeypatch):
    write(tmp_path, sample)
    assert command("estimate", *FILES, *ASKED).code == 0
    monkeypatch.chdir(tmp_path)
    found = amplicast.estimate(
        "train.npy",
        "member_?.npy",
        full=["full_1.npy", "full_2.npy"],
        members_rows="member_?.rows.npy",
        summary="radius",
        quantiles=20,
        regions="2-19",
        out="from-python",
        quiet=True,
    )
    assert found.to_json() == (tmp_path / "run/results.json").read_bytes()
    assert found.folder == str(tmp_path / "from-python")


def test_files_and_arrays_may_be_mixed(sample, estimated, tmp_path, monkeypatch):
    write(tmp_path, sample)
    monkeypatch.chdir(tmp_path)
    assert estimated(train="train.npy").cells[0].row == estimated().cells[0].row


def test_a_run_that_is_kept_can_be_loaded(estimated, tmp_path):
    found = estimated(out=tmp_path / "run")
    again = amplicast.load(tmp_path / "run")
    assert again.to_json() == found.to_json()
    assert [cell.text for cell in again.cells] == [cell.text for cell in found.cells]
    assert again.histogram().to_dict() == found.histogram().to_dict()


def test_a_folder_may_be_used_again(estimated, tmp_path):
    before = estimated(out=tmp_path / "run").to_json()
    assert estimated(out=tmp_path / "run", region=(0.9, 1.1)).to_json() != before
    assert estimated(out=tmp_path / "run").to_json() == before


def test_the_run_is_removed_with_its_result(estimated, tmp_path):
    import gc
    import os

    found = estimated()
    folder = found.folder
    kept = found.save(tmp_path / "kept")
    assert os.path.isfile(found.report)
    del found
    gc.collect()
    assert not os.path.exists(folder)
    assert os.path.isfile(kept.report)


def test_another_edition_of_the_results_is_refused(estimated, tmp_path):
    found = estimated(out=tmp_path / "run")
    text = found.to_json().replace(b'"version": 2', b'"version": 1', 1).replace(b'"version":2', b'"version":1', 1)
    (tmp_path / "run/results.json").write_bytes(text)
    with pytest.raises(amplicast.Error, match="expected results of version 2, found 1"):
        amplicast.load(tmp_path / "run")


def test_only_a_finished_run_is_loaded(tmp_path):
    with pytest.raises(amplicast.Error, match="expected the folder of a finished run"):
        amplicast.load(tmp_path)

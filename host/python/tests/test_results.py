"""What a result shows is what the program wrote."""

from __future__ import annotations

import json
import os
import sys

import numpy as np
import pytest

import amplicast
from amplicast import _words
from amplicast._histogram import Axis
from amplicast._plot import markup


@pytest.fixture(scope="module")
def matrix(tmp_path_factory, experiment):
    """Cells of several verdicts, with a known truth."""
    more = {
        "generator": [{"plugin": "gaussian-fit", "fit_width": True}, {"plugin": "resample"}],
        "metric": [
            {"plugin": "integral", "quantiles": 20, "regions": "2-19"},
            {"plugin": "integral", "name": "tail", "intervals": [[2.0, 3.0]]},
            {"plugin": "ks", "reference": ["training", "truth"]},
        ],
        "uncertainty": [{"plugin": "halves"}, {"plugin": "ensemble"}],
    }
    return amplicast.run(experiment, tmp_path_factory.mktemp("run") / "matrix", quiet=True, **more)


def test_g_is_in_the_words_of_the_terminal(matrix, experiment):
    assert len({cell.verdict for cell in matrix.cells}) >= 3
    printed = str(matrix)
    for cell in matrix.cells:
        lines = [line for line in printed.splitlines() if cell.text.replace("−", "-") in line]
        assert lines, (cell.text, printed)
    several = amplicast.run(experiment, quiet=True, experiment={"training_sets": 3, "n_gen": 2000})
    assert several.cells[0].text in str(several) and "sets" in several.cells[0].text


@pytest.mark.parametrize(
    "verdict, g, ends, expected",
    [
        ("resolved", 7.12, (5.04, 10.24), "7.1 [5.0, 10.2]"),
        ("resolved", 0.314, (0.2, 0.45), "0.31 [0.20, 0.45]"),
        ("bias-seen", 70.4, (51.0, None), "70 [51, ∞)"),
        ("resolved", 2.5e6, (1e6, 4.1e6), "2.5e6 [1e6, 4.1e6]"),
        ("resolved", None, (None, None), "unresolved"),
        ("at-least", 30.0, (12.2, None), "> 12 (95 %)"),
        ("at-least", None, (None, None), "unresolved"),
        ("at-most", None, (None, 0.3), "< 0.30 (95 %)"),
        ("in-sample", 22.3, (None, None), "22 (in-sample)"),
        ("in-sample", None, (None, None), "in-sample"),
        ("variance-only", 7.12, (5.04, 10.24), "7.1 [5.0, 10.2] (variance only)"),
        ("unresolved", 3.0, (0.1, None), "unresolved"),
    ],
)
def test_every_verdict_has_the_programs_words(verdict, g, ends, expected):
    interval = {"low": ends[0], "high": ends[1]}
    assert _words.estimate({"verdict": verdict, "g": g, "interval_68": interval, "interval_95": interval}) == expected


def test_cells_have_the_numbers_of_the_table(matrix):
    for cell, row in zip(matrix.cells, matrix.data["cells"]):
        estimate = row["replicas"][0]["estimate"]
        assert (cell.g, cell.verdict, cell.reason) == (estimate["g"], estimate["verdict"], estimate["reason"])
        assert cell.interval_68 == (estimate["interval_68"]["low"], estimate["interval_68"]["high"])
        assert cell.n_train == row["replicas"][0]["n_train_passed"]
    assert any(cell.true_g is not None for cell in matrix.cells)
    assert matrix.cells[0].apart["of"] == "one-fit"
    assert matrix.cells[0].spread_alone


def test_the_table_is_a_frame_if_pandas_is_there(matrix, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    rows = matrix.table()
    assert [row["verdict"] for row in rows] == [cell.verdict for cell in matrix.cells]
    assert rows[0]["g"] == matrix.cells[0].g
    monkeypatch.undo()
    pandas = pytest.importorskip("pandas")
    frame = matrix.table()
    assert isinstance(frame, pandas.DataFrame) and list(frame.columns) == list(rows[0])
    assert frame["g"].dtype == float and frame["g"][0] == rows[0]["g"]


def test_a_notebook_shows_a_table(matrix):
    html = matrix._repr_html_()
    assert html.count("<tr>") == 1 + len(matrix.cells)
    assert "true G" in html and "generator" in html
    for cell in matrix.cells:
        assert cell.text.replace(">", "&gt;").replace("<", "&lt;") in html


def test_the_report_is_there(matrix):
    with open(matrix.report, encoding="utf-8") as file:
        assert "<svg" in file.read()
    assert json.loads(matrix.to_json()) == matrix.data


def test_histograms_have_their_covariance(estimated):
    found = estimated()
    histogram = found.histogram()
    covariance = histogram.covariance()
    assert (np.diag(covariance) == histogram.variances()).all()
    assert covariance.shape == (len(histogram.axes[0]),) * 2
    assert histogram.values().sum() <= 5000
    assert histogram.counts().shape == histogram.values().shape
    with open(os.path.join(found.folder, "exports", histogram.name, "histogram.json")) as file:
        assert json.load(file) == histogram.to_dict()
    axis = histogram.axes[0]
    assert axis[0] == (axis.edges[0], axis.edges[1]) == axis[-len(axis)]
    assert len(list(axis)) == len(axis) and axis == Axis(histogram.to_dict()["generated"]["axes"][0])
    with pytest.raises(IndexError):
        axis[len(axis)]
    assert found.demonstration.startswith("samples, its own members: radius")


def test_histograms_of_an_earlier_run_are_not_shown(sample, estimated, tmp_path):
    assert len(estimated(out=tmp_path / "run").histograms()) == 1
    other = estimated(out=tmp_path / "run", train=sample.train[:, ::-1] * 1.1, members_rows=None, full=None, members_data="halves")
    assert os.listdir(tmp_path / "run/exports") and other.histograms() == []
    again = estimated(out=tmp_path / "run", full=sample.full[:1])
    assert len(again.histograms()) == 1


def test_without_rows_there_is_no_histogram(estimated):
    found = estimated(members_rows=None, full=None, members_data="halves")
    assert found.histograms() == [] and found.demonstration == ""
    with pytest.raises(amplicast.Error, match="expected members that know the events"):
        found.histogram()


def test_histograms_follow_the_protocol_of_the_field(estimated):
    hist = pytest.importorskip("hist")
    from uhi.typing.plottable import PlottableHistogram

    histogram = estimated().histogram()
    assert isinstance(histogram, PlottableHistogram)
    other = histogram.to_hist()
    assert isinstance(other, hist.Hist)
    assert (other.values() == histogram.values()).all() and (other.variances() == histogram.variances()).all()


def test_figures_are_drawn_from_the_results(matrix, estimated):
    pytest.importorskip("matplotlib").use("agg")
    for number, cell in enumerate(matrix.cells):
        drawn = matrix.plot(number)
        left, upper, lower = drawn.axes
        lines = {line.get_label(): line for line in left.get_lines()}
        values = np.array(cell.curve["value"])
        expected = np.sqrt(np.where(values > 0, values, np.nan)) if cell.axis[1] else values
        assert np.allclose(lines["estimate"].get_ydata(), expected, equal_nan=True)
        assert list(lines["estimate"].get_xdata()) == cell.curve["n_passed"]
        assert left.get_xscale() == left.get_yscale() == "log"
        assert lower.get_xlabel() and upper.get_legend_handles_labels()[1][:1] == ["generated"]
        drawn.canvas.draw()
    alone = estimated(members_rows=None, full=None, members_data="halves")
    assert len(alone.plot().axes) == 3
    ours = estimated(summary=lambda events: events[:, 0])
    assert ours.plot(kind="distribution").axes[1].get_xlabel() == "function 1"
    assert len(ours.plot(kind="curve").axes) == 1
    with pytest.raises(ValueError, match="kind"):
        ours.plot(kind="pie")


def test_axis_texts_are_matplotlibs():
    assert markup("$n$_{gen} of R") == r"$n$$_\mathrm{gen}$ of R"
    assert markup("10^{3} $ a") == r"10$^\mathrm{3}$ \$ a"

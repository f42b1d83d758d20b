"""Histograms that amplicast wrote, read by the programs that they are for: `cargo xtask test --packages`.

Takes the folder that `host/examples/exports.rs` wrote to. Each format is put before its own validator, and read by its own
programs; what they read is compared number by number, and a fit by pyhf with the maximum of the same likelihood, found here.
"""

import importlib.metadata
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import boost_histogram
import cabinetry
import hist
import numpy
import pyhf
import scipy.optimize
import yaml

FOLDER = Path(sys.argv[1])
PROGRAMS = Path(sys.executable).parent
PACKAGES = ["uhi", "boost-histogram", "hist", "hepdata-validator", "pyhf", "iminuit", "cabinetry"]

COUNTS = numpy.array([400.0, 300.0, 200.0, 100.0])
SHIFTS = numpy.array([[20, 20, 20, 20], [10, 10, -10, -10], [5, -5, 5, -5], [3, -3, -3, 3]], float)
COVARIANCE = SHIFTS.T @ SHIFTS
SIGNAL = numpy.array([5.0, 20.0, 40.0, 10.0])
OBSERVED = numpy.array([412.0, 330.0, 236.0, 104.0])


def passes(program, *arguments):
    """A program of a package, which must be content."""
    done = subprocess.run([PROGRAMS / program, *map(str, arguments)], capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert done.returncode == 0, f"{program}: {said}"
    return said


def read(name):
    return json.loads((FOLDER / name / "uhi.json").read_text())


def uhi(name):
    """The schema does not know lengths, the readers do not know the schema: both are asked."""
    passes("uhi", "validate", FOLDER / name / "uhi.json")
    written = read(name)
    for reader in (hist.Hist, boost_histogram.Histogram):
        generated, covariance = reader(written["generated"]), reader(written["generated_covariance"])
        numpy.testing.assert_array_equal(generated.values(), written["generated"]["storage"]["values"])
        numpy.testing.assert_array_equal(generated.variances(), numpy.diag(covariance.values()))
        numpy.testing.assert_array_equal(generated.axes[0].edges, written["generated"]["axes"][0]["edges"])
        assert generated.axes[0].traits.underflow == generated.axes[0].traits.overflow == False
    return f"{generated.size} bins"


def columns(file):
    """The numbers of a table; PyYAML takes some ways of writing a number for text."""
    table = yaml.safe_load(file.read_text())
    values = [row["value"] for row in table["dependent_variables"][0]["values"]]
    bins = [[(row["low"], row["high"]) for row in one["values"]] for one in table["independent_variables"]]
    assert all(isinstance(value, float) for value in values), values
    assert all(isinstance(edge, float) for one in bins for row in one for edge in row), bins
    return numpy.array(values), [numpy.array(one) for one in bins], table


def hepdata(name):
    folder = FOLDER / name / "hepdata"
    passes("hepdata-validate", "-d", folder)
    archive = FOLDER / name / "hepdata.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(folder, "hepdata")
    passes("hepdata-validate", "-a", archive)
    written = read(name)
    values, [bins], table = columns(folder / "generated.yaml")
    edges = numpy.array(written["generated"]["axes"][0]["edges"])
    pairs = numpy.stack([edges[:-1], edges[1:]], 1)
    numpy.testing.assert_array_equal(values, written["generated"]["storage"]["values"])
    numpy.testing.assert_array_equal(bins, pairs)
    errors = [sum(error["symerror"] for error in row.get("errors", [])) for row in table["dependent_variables"][0]["values"]]
    numpy.testing.assert_array_equal(errors, numpy.sqrt(written["generated"]["storage"]["variances"]))
    assert table["independent_variables"][0]["header"]["name"] == written["generated"]["axes"][0]["metadata"]["label"]
    expected = numpy.array(written["generated_covariance"]["storage"]["values"])
    if not (folder / "covariance.yaml").exists():
        assert json.loads((folder / "covariance.json").read_text()) == written
        return "covariance as a resource"
    values, [row, column], _ = columns(folder / "covariance.yaml")
    numpy.testing.assert_array_equal(values, expected.flatten())
    numpy.testing.assert_array_equal(row, numpy.repeat(pairs, len(pairs), 0))
    numpy.testing.assert_array_equal(column, numpy.tile(pairs, (len(pairs), 1)))
    return "covariance as a table"


def maximum(signal):
    """mu and its error at the maximum of prod Poisson(n | rate) prod Normal(theta), rate = N + mu s + D theta or mu (N + D theta)."""
    roots = numpy.linalg.cholesky(COVARIANCE)

    def rates(parameters):
        mu, generated = parameters[0], COUNTS + roots @ parameters[1:]
        return mu * generated if signal is None else generated + mu * signal

    def curve(parameters):
        rate = rates(parameters)
        return numpy.sum(rate - OBSERVED * numpy.log(rate)) + 0.5 * numpy.sum(parameters[1:] ** 2)

    start = numpy.array([1.0, 0, 0, 0, 0])
    found = scipy.optimize.minimize(curve, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13, "maxfev": 20000})
    assert found.success, found.message
    step = 1e-3 * numpy.eye(5)
    at = lambda i, j: curve(found.x + i + j)
    second = [[(at(i, j) - at(i, -j) - at(-i, j) + at(-i, -j)) / 4e-6 for j in step] for i in step]
    return found.x[0], numpy.sqrt(numpy.linalg.inv(second)[0, 0])


def covariance_of(model, mu):
    """What the model makes of one standard deviation of each of its constrained parameters, at a strength."""
    start = numpy.array(model.config.suggested_init())
    start[model.config.poi_index] = mu
    rates = lambda parameters: numpy.array(model.expected_data(parameters, include_auxdata=False))
    free = [i for i in range(len(start)) if i != model.config.poi_index]
    shifts = []
    for i in free:
        step = 1e-3 * numpy.eye(len(start))[i]
        shifts.append((rates(start + step) - rates(start - step)) / 2e-3)
    return numpy.transpose(shifts) @ shifts


def fit(name, signal):
    file = FOLDER / name / "workspace.json"
    passes("pyhf", "inspect", file)
    workspace = pyhf.Workspace(json.loads(file.read_text()))
    model, data = workspace.model(), workspace.data(workspace.model())
    for mu in (1.0, 2.0):
        scale = mu**2 if signal is None else 1.0
        numpy.testing.assert_allclose(covariance_of(model, mu), scale * COVARIANCE, rtol=1e-9)
    pyhf.set_backend("numpy", pyhf.optimize.minuit_optimizer(tolerance=1e-3))
    found = pyhf.infer.mle.fit(data, model, return_uncertainties=True)
    mu, error = found[model.config.poi_index]
    expected, its_error = maximum(signal)
    assert abs(mu - expected) < 1e-3, (mu, expected)
    assert abs(error / its_error - 1) < 2e-3, (error, its_error)
    return f"mu {mu:.5f} +- {error:.5f}, the maximum is {expected:.5f} +- {its_error:.5f}", model


def fits():
    text, model = fit("golden", SIGNAL)
    mu, error = maximum(SIGNAL)
    # Newton's method on the same likelihood, apart from this program.
    assert abs(mu - 1.02112020) < 1e-6 and abs(error / 0.57264896 - 1) < 1e-5, (mu, error)
    prediction = cabinetry.model_utils.prediction(model)
    bins = numpy.array(prediction.total_stdev_model_bins)[0, -1]
    whole = numpy.array(prediction.total_stdev_model_channels)[0, -1]
    numpy.testing.assert_allclose(bins, numpy.sqrt(numpy.diag(COVARIANCE)), rtol=1e-6)
    numpy.testing.assert_allclose(whole, numpy.sqrt(COVARIANCE.sum()), rtol=1e-6)
    yield f"pyhf, a signal above the histogram: {text}"
    yield f"cabinetry: +- {bins[0]:.5f} a bin, +- {whole:.5f} for all"
    yield f"pyhf, the histogram as the signal: {fit('scaled', None)[0]}"


print("exports:", ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES))
for name in ("golden", "awkward", "many"):
    print(f"exports: {name}: UHI ({uhi(name)}) and HEPData ({hepdata(name)}) are valid and read back with all digits")
for line in fits():
    print("exports:", line)

"""Files of ROOT and of Les Houches events on their way through `amplicast convert`: sums before and after.

    python converted.py PROGRAM FOLDER

uproot writes trees and RNTuples, pyarrow and pylhe read what came of them.
"""

import json
import math
import subprocess
import sys
from pathlib import Path

import awkward
import numpy
import pyarrow.parquet
import pylhe
import uproot

PROGRAM, FOLDER = sys.argv[1], Path(sys.argv[2])


def convert(*arguments, refused=None):
    """Runs the program; what it says if it refuses."""
    command = [PROGRAM, "convert", *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=FOLDER)
    if refused is None:
        assert ended.returncode == 0, ended.stderr
    else:
        assert ended.returncode != 0 and refused in ended.stderr, (refused, ended.stderr)


def close(found, expected, of):
    assert math.isclose(found, expected, rel_tol=1e-12, abs_tol=1e-9), f"{of}: {found}, expected {expected}"


def root_files():
    random = numpy.random.default_rng(1)
    events = 250_000
    counts = random.integers(0, 5, events)
    jets = awkward.unflatten(random.exponential(40, counts.sum()).astype("f4"), counts)
    data = {
        "mass": random.normal(500, 100, events),
        "pt": random.exponential(50, events).astype("f4"),
        "run": numpy.full(events, 7, dtype="i4"),
        "genWeight": numpy.where(random.random(events) < 0.1, -1.3, 1.3),
        "Jet_pt": jets,
    }
    types = {"mass": "f8", "pt": "f4", "run": "i4", "genWeight": "f8", "Jet_pt": awkward.type(jets).content}
    with uproot.recreate(FOLDER / "tree.root") as file:
        file.mktree("Events", types)
        file["Events"].extend(data)
    with uproot.recreate(FOLDER / "ntuple.root") as file:
        file["Events"] = data
    passed = counts >= 2
    expected = {
        "Jet_pt[1]": float(awkward.to_numpy(jets[passed][:, 1]).astype("f8").sum()),
        "mass": float(data["mass"][passed].sum()),
        "weight": float(data["genWeight"][passed].sum()),
    }
    python = ["--python", sys.executable]
    for name in ["tree", "ntuple"]:
        chosen = ["--branches", "Jet_pt[1],mass", "--weights", "genWeight", "--cut", "awkward.num(Jet_pt) >= 2"]
        convert(f"{name}.root", f"{name}.parquet", *chosen, *python)
        table = pyarrow.parquet.read_table(FOLDER / f"{name}.parquet")
        assert table.column_names == list(expected) and table.num_rows == int(passed.sum()), table.schema
        for column, value in expected.items():
            close(float(table[column].to_numpy().sum()), value, f"{name}.root {column}")
        convert(f"{name}.root", f"{name}.npy", "--branches", "pt,run", *python)
        array = numpy.load(FOLDER / f"{name}.npy")
        close(array[:, 0].sum(), data["pt"].astype("f8").sum(), f"{name}.root pt")
        convert(f"{name}.root", "x.npy", "--branches", "Jet_pt", *python, refused="name one of them, such as `Jet_pt[0]`")
        convert(f"{name}.root", "x.npy", "--branches", "Jet_pt[1]", *python, refused="leave these out with --cut")
        convert(f"{name}.root", "x.npy", "--branches", "other", *python, refused="found `other`")
        convert(f"{name}.root", "x.npy", "--branches", "mass", "--cut", "mass >", *python, refused="--cut: expected")
    with uproot.recreate(FOLDER / "masked.root") as file:
        file["Events"] = {"mass": awkward.mask(data["mass"], random.random(events) < 0.9)}
    convert("masked.root", "x.npy", *python, refused="missing values (a mask)")
    assert not (FOLDER / "x.npy").exists()
    print("ROOT: sums agree")


def les_houches():
    random = numpy.random.default_rng(2)
    momenta = random.normal(0, 100, (1000, 2, 3))
    energies = numpy.sqrt((momenta**2).sum(-1) + numpy.array([172.5**2, 0.0]))
    events = numpy.concatenate([energies[..., None], momenta], -1)
    weights = numpy.where(random.random(1000) < 0.2, -0.7, 0.7)
    numpy.save(FOLDER / "momenta.npy", events)
    numpy.save(FOLDER / "momenta.weights.npy", weights)
    for name in ["momenta.lhe", "momenta.lhe.gz"]:
        convert("momenta.npy", name, "--weights-file", "momenta.weights.npy", "--ids", "6,21")
        read = list(pylhe.LHEFile.fromfile(FOLDER / name, with_attributes=True).events)
        assert [particle.id for particle in read[0].particles] == [6, 21] and len(read) == 1000
        close(sum(event.eventinfo.weight for event in read), weights.sum(), f"{name} weights")
        sizes = sum(abs(particle.px) + particle.e for event in read for particle in event.particles)
        close(sizes, (numpy.abs(events[..., 1]) + events[..., 0]).sum(), f"{name} momenta")
        convert(name, "back.npy", "--weights", "weight")
        # Squares of masses cost the last digits of a momentum nothing.
        assert numpy.array_equal(numpy.load(FOLDER / "back.npy"), events.reshape(1000, 8))
        assert numpy.array_equal(numpy.load(FOLDER / "back.weights.npy"), weights)
    print("Les Houches events: there and back")


root_files()
les_houches()
print(json.dumps({"uproot": uproot.__version__, "pylhe": pylhe.__version__}))

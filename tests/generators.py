"""Files of event generators as their own packages write them, and what these packages read in them.

    python generators.py FOLDER [EVENTS]

Pythia makes Z + jet events with weights of a biased phase space and of uncertainty bands; it, pylhe and pyhepmc write them. `expected.json` says
for each file what is selected, and the sums that pylhe and pyhepmc find.
"""

import json
import math
import sys
import time
from pathlib import Path

import numpy
import pyhepmc
import pylhe
import pythia8mc

SETTINGS = """
Print:quiet = on
Beams:eCM = 13000.
WeakBosonAndParton:qqbar2gmZg = on
WeakBosonAndParton:qg2gmZq = on
23:onMode = off
23:onIfAny = 13
PhaseSpace:pTHatMin = 30.
PhaseSpace:bias2Selection = on
PhaseSpace:bias2SelectionPow = 4.
UncertaintyBands:doVariations = on
PartonLevel:MPI = off
HadronLevel:all = off
Random:setSeed = on
Random:seed = 12
"""

# Of so many events there is a file in other units, a packed one, and one of HepMC2.
FEW = 500


def in_order(event):
    """Pythia's particles, each after its first mother, and the places of these, counted from 1; 0 is none."""
    mothers = [min(event[i].motherList(), default=0) for i in range(event.size())]
    places, order = {0: 0}, []

    def add(i):
        line = []
        while i not in places and i not in line:
            line.append(i)
            i = mothers[i]
        for i in reversed(line):
            order.append(i)
            places[i] = len(order)

    for i in range(1, event.size()):
        add(i)
    return [event[i] for i in order], [places[mothers[i]] for i in order]


def generate(folder, count):
    pythia = pythia8mc.Pythia("", False)
    for setting in filter(None, SETTINGS.splitlines()):
        assert pythia.readString(setting), setting
    assert pythia.init()
    info = pythia.infoPython()
    # Pythia's own writers: all particles, and those of the hard process.
    all_of_them = pythia8mc.LHEF3FromPythia8(pythia.event, info, 15, True)
    process = pythia8mc.LHAupFromPYTHIA8(pythia.process, info)
    for writer, name in (all_of_them, "pythia.lhe"), (process, "process.lhe"):
        writer.openLHEF(str(folder / name))
        writer.setInit()
    process.initLHEF()
    files = {name: pyhepmc.open(folder / name, "w") for name in ("events.hepmc", "packed.hepmc.gz", "mev.hepmc3")}
    files["old.hepmc"] = pyhepmc.open(folder / "old.hepmc", "w", format="HepMC2")
    run = pyhepmc.GenRunInfo()
    number = 0
    while number < count:
        if not pythia.next():
            continue
        all_of_them.setEvent()
        process.setEvent()
        process.eventLHEF(False)
        particles, parents = in_order(pythia.event)
        momenta = numpy.array([[p.px(), p.py(), p.pz(), p.e(), p.m()] for p in particles])
        kinds = numpy.array([[p.id(), p.statusHepMC()] for p in particles], dtype=numpy.int32)
        parents = numpy.array([parents, parents], dtype=numpy.int32).T
        event = pyhepmc.GenEvent()
        # A vertex that is somewhere has a line of its own.
        place = dict.fromkeys(("vx", "vy", "vz", "vt"), numpy.ones(len(particles)))
        event.from_hepevt(number, *momenta.T, *kinds.T, parents=parents, **place)
        if number == 0:
            run.weight_names = list(info.weightNameVector())
        event.run_info = run
        event.weights = list(info.weightValueVector())
        files["events.hepmc"].write(event)
        if number < FEW:
            files["packed.hepmc.gz"].write(event)
            files["old.hepmc"].write(event)
            event.set_units(pyhepmc.Units.MEV, pyhepmc.Units.MM)
            files["mev.hepmc3"].write(event)
        number += 1
    for file in files.values():
        file.close()
    all_of_them.closeLHEF(True)
    process.closeLHEF(True)


def rewrite(folder):
    """The events of the hard process as pylhe writes them, with weights of either form, and packed."""
    file = pylhe.LHEFile.fromfile(folder / "process.lhe", generator=False)
    names = ("up", "down")
    declared = [pylhe.LHEInitRWGTWeight(name, "varied " + name) for name in names]
    file.header = pylhe.LHEHeader(pylhe.LHEInitRWGT(declared))
    for i, event in enumerate(file.events):
        event.eventinfo.weight *= -1 if i % 7 == 0 else 1
        event.weights = dict(zip(names, (1.5 + i, -event.eventinfo.weight)))
    file.tofile(folder / "rwgt.lhe", pylhe.RWGT_FORMAT)
    file.tofile(folder / "list.lhe.gz", pylhe.WEIGHTS_GZ_FORMAT)


def convert(folder):
    """HepMC2 as HepMC3, by the line that the refusal of HepMC2 gives."""
    with pyhepmc.open(folder / "old.hepmc") as old, pyhepmc.open(folder / "new.hepmc3", "w") as new: [new.write(event) for event in old]


def hardest(particles):
    return max(particles, key=lambda p: p[1] ** 2 + p[2] ** 2)


def sums(rows):
    """Events, and the sums of a weight, the first particle's px and the mass of both."""
    total = [math.fsum(row[k] for row in rows) for k in range(3)]
    return {"events": len(rows), "weights": total[0], "px": total[1], "masses": total[2]}


def row(weight, first, second):
    e, px, py, pz = (a + b for a, b in zip(first, second))
    return weight, first[1], math.sqrt(max(e * e - px * px - py * py - pz * pz, 0.0))


def of_lhe(path, weight):
    rows = []
    nominal = weight == "weight"
    for event in pylhe.LHEFile.fromfile(path, with_attributes=not nominal).events:
        def find(kind):
            return hardest([(p.e, p.px, p.py, p.pz) for p in event.particles if p.id == kind and p.status == 1])

        value = event.eventinfo.weight if nominal else event.weights[weight]
        rows.append(row(value, find(13), find(-13)))
    return rows


def of_hepmc(path, weight):
    rows = []
    with pyhepmc.open(path) as events:
        for event in events:
            units = 1000.0 if event.momentum_unit == pyhepmc.Units.MEV else 1.0

            def find(kind):
                found = (p.momentum for p in event.particles if p.pid == kind and p.status == 1)
                return hardest([(p.e / units, p.px / units, p.py / units, p.pz / units) for p in found])

            value = event.weight() if weight == "weight" else event.weight(weight)
            rows.append(row(value, find(13), find(-13)))
    return rows


def main(folder, count):
    folder.mkdir(parents=True, exist_ok=True)
    generate(folder, count)
    rewrite(folder)
    convert(folder)
    expected = []
    for read, name, weights in [
        (of_lhe, "process.lhe", ["weight"]),
        (of_lhe, "pythia.lhe", ["weight"]),
        (of_lhe, "rwgt.lhe", ["weight", "up", "down"]),
        (of_lhe, "list.lhe.gz", ["weight", "down"]),
        (of_hepmc, "events.hepmc", ["weight", "fsr.murfac=0.5", "hardlo"]),
        (of_hepmc, "packed.hepmc.gz", ["weight", "isr.cns=-2.0"]),
        (of_hepmc, "mev.hepmc3", ["weight"]),
        (of_hepmc, "new.hepmc3", ["weight"]),
    ]:
        for weight in weights:
            start = time.perf_counter()
            found = sums(read(folder / name, weight))
            seconds = time.perf_counter() - start
            expected.append({"file": name, "weight": weight, "seconds": seconds, **found})
    (folder / "expected.json").write_text(json.dumps(expected, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2000)

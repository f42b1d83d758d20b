#!/usr/bin/env python3
"""Simulates all-hadronic top pairs with jets, as amplicast's examples use them.

    python3 -m venv ttbar && ttbar/bin/pip install -r requirements.txt
    ttbar/bin/python generate.py --events 20000 --out ttbar.npz

Pythia 8 (leading order, parton shower, hadrons; no multiparton interactions), the calorimeters, jet energy scale and b-tags of
the Delphes ATLAS card, anti-kT jets with R = 0.4, and the assignment of jets to tops with the smallest chi^2.

The file has an array for each number of extra jets, `ttbar+0jet` to `ttbar+4jet`: float32, events x (6 + extra jets) x 4,
(E, px, py, pz) in GeV. Particles: b jet of top 1, its W's two jets, the same of top 2, extra jets. Top 1 has the larger pT,
and so has the first of equal particles. With `--bias 2` Pythia draws hard processes as often as pT^2 says, so that the tail is
full, and each array has one of weights beside it, `ttbar+0jet weights`, which make up for that. With `--partons` each has one beside
it, `ttbar+0jet with partons`, whose events begin with six partons of the hard process, before any shower: quark of top 1 and its
W's two quarks, the same of top 2. They are ordered by their own pT, as the jets are by theirs: top 1 has the larger one, and so has the
first of a W's quarks. So most partons stand where their jets do, but not all, and none knows where its jet went. It ends when there are `--events` with `--jets` extra jets; the others come with them.
What comes out depends on `--seed` alone, not on the number of processes.
"""

import argparse
import functools
import itertools
import math
import multiprocessing
import sys
from pathlib import Path

import fastjet
import numpy as np
import pythia8mc

PT_MIN, ETA_MAX, DELTA_R_MIN = 22.0, 5.0, 0.5
MOST_EXTRA = 4
# Clustering starts lower, so that PT_MIN is the only edge.
CLUSTER_PT_MIN = 15.0
# Generated events with one seed.
CHUNK = 1000
# The probability of exactly two tags is never larger: two jets at the most efficient pT of b jets, and no third.
MOST_TAGGED = 0.732**2

# The tracker's cylinder in metres and its field in tesla: charged particles bend before they reach the calorimeters.
RADIUS, HALF_LENGTH, FIELD = 1.15, 3.51, 2.0

SETTINGS = """
Beams:idA = 2212
Beams:idB = 2212
Beams:eCM = 13000.
Top:gg2ttbar = on
Top:qqbar2ttbar = on
6:m0 = 172.5
24:onMode = off
24:onIfAny = 1 2 3 4 5
PartonLevel:MPI = off
ParticleDecays:limitTau0 = on
ParticleDecays:tau0Max = 10.
Random:setSeed = on
Print:quiet = on
"""


class Calorimeter:
    """Towers between edges in eta, each row of towers with its number of bins in phi, and an energy resolution."""

    def __init__(self, rows, resolution, least):
        rows = sorted(rows)
        self.edges = np.array([eta for eta, _ in rows])
        # A row's bins are those that the card gives with its upper edge.
        self.bins = np.array([bins for _, bins in rows])
        self.resolution, self.least = resolution, least

    def towers(self, energy, eta, phi, random):
        """Four-momenta of what is read out: n x 4."""
        row = np.searchsorted(self.edges, eta)
        inside = (row > 0) & (row < len(self.edges)) & (energy > 0)
        energy, row, phi = energy[inside], row[inside], phi[inside]
        column = ((phi + np.pi) / (2 * np.pi) * self.bins[row]).astype(int) % self.bins[row]
        tower, which = np.unique(row * 1000 + column, return_inverse=True)
        row, column = tower // 1000, tower % 1000
        energy = np.bincount(which, energy, len(tower))
        low, high = self.edges[row - 1], self.edges[row]
        center = np.abs(low + high) / 2
        # Log-normal with this mean and standard deviation.
        width = np.sqrt(np.log1p((self.resolution(center, energy) / energy) ** 2))
        energy = energy * np.exp(width * random.standard_normal(len(energy)) - width**2 / 2)
        kept = (energy > self.least) & (energy > 2 * self.resolution(center, energy))
        eta = random.uniform(low, high)
        phi = (column + random.random(len(column))) * 2 * np.pi / self.bins[row] - np.pi
        pt = energy / np.cosh(eta)
        return np.stack([energy, pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], 1)[kept]


def electromagnetic():
    fine = [0.0174 * i for i in range(-85, 87)]
    fine += [-2.958 + 0.0174 * i for i in range(1, 85)] + [1.4964 + 0.0174 * i for i in range(1, 85)]
    coarse = [3.125, 3.3, 3.475, 3.65, 3.825, 4, 4.175, 4.35, 4.525, 4.7, 5]
    rows = [(eta, 360) for eta in fine] + [(eta, 36) for eta in coarse]
    rows += [(-eta, 36) for eta in coarse] + [(-2.958, 36)]

    def resolution(eta, energy):
        central = np.sqrt((0.0017 * energy) ** 2 + 0.101**2 * energy)
        forward = np.sqrt((0.035 * energy) ** 2 + 0.285**2 * energy)
        return np.where(eta <= 3.2, central, np.where(eta <= 4.9, forward, 0.0))

    return Calorimeter(rows, resolution, 0.5)


def hadronic():
    rows = [(i / 10, 36) for i in range(-25, 27)] + [(-3.2, 36), (3.3, 36)]
    forward = [2.8, 3, 3.5, 3.7, 3.9, 4.1, 4.3, 4.5, 4.7, 4.9]
    rows += [(eta, 18) for eta in forward + [3.2]] + [(-eta, 18) for eta in forward + [2.6, 3.3]]

    def resolution(eta, energy):
        central = np.sqrt((0.0302 * energy) ** 2 + 0.5205**2 * energy + 1.59**2)
        endcap = np.sqrt((0.05 * energy) ** 2 + 0.706**2 * energy)
        forward = np.sqrt((0.0942 * energy) ** 2 + energy)
        outer = np.where(eta <= 4.9, forward, 0.0)
        return np.where(eta <= 1.7, central, np.where(eta <= 3.2, endcap, outer))

    return Calorimeter(rows, resolution, 1.0)


def at_calorimeter(px, py, pz, charge):
    """Pseudorapidity and azimuth where particles from the origin leave the tracker."""
    pt = np.maximum(np.hypot(px, py), 1e-12)
    eta, phi = np.arcsinh(pz / pt), np.arctan2(py, px)
    bent = charge != 0
    radius = pt[bent] / (0.299792458 * FIELD * np.abs(charge[bent]))
    slope = np.abs(pz[bent] / pt[bent])
    # The angle of the arc to the cylinder, if it gets there, and to the end.
    side = np.where(2 * radius > RADIUS, 2 * np.arcsin(np.minimum(RADIUS / (2 * radius), 1)), np.inf)
    end = HALF_LENGTH / np.maximum(radius * slope, 1e-12)
    angle = np.minimum(side, end)
    # Those that turn around for ever without getting anywhere are lost.
    lost = ~np.isfinite(angle) | (angle > 1e6)
    angle = np.where(lost, 1.0, angle)
    distance = np.maximum(np.abs(2 * radius * np.sin(angle / 2)), 1e-9)
    bent_eta = np.arcsinh(np.sign(pz[bent]) * radius * slope * angle / distance)
    eta[bent] = np.where(lost, 1e3, bent_eta)
    middle = phi[bent] - np.sign(charge[bent]) * angle / 2
    # Past half a turn the chord points the other way.
    middle += np.where(np.sin(angle / 2) < 0, np.pi, 0)
    phi[bent] = np.mod(middle + np.pi, 2 * np.pi) - np.pi
    return eta, phi


def pseudorapidity(p):
    return math.asinh(p[3] / math.hypot(p[1], p[2]))


def delta_r(a, b):
    phi = math.atan2(a[2], a[1]) - math.atan2(b[2], b[1])
    return math.hypot(pseudorapidity(a) - pseudorapidity(b), math.remainder(phi, 2 * math.pi))


def transverse_momentum(p):
    return math.hypot(p[1], p[2])


def mass(p):
    return math.sqrt(max(p[0] ** 2 - p[1] ** 2 - p[2] ** 2 - p[3] ** 2, 0.0))


class Simulation:
    def __init__(self, seed, bias):
        self.pythia = pythia8mc.Pythia("", False)
        for line in SETTINGS.strip().splitlines():
            self.pythia.readString(line)
        if bias > 0:
            self.pythia.readString("PhaseSpace:bias2Selection = on")
            self.pythia.readString(f"PhaseSpace:bias2SelectionPow = {bias}")
        self.pythia.readString(f"Random:seed = {seed}")
        if not self.pythia.init():
            raise SystemExit("generate: Pythia could not be set up")
        self.random = np.random.default_rng([seed, 0x7474])
        self.ecal, self.hcal = electromagnetic(), hadronic()
        self.definition = fastjet.JetDefinition(fastjet.antikt_algorithm, 0.4)

    def event(self):
        """The next event's particles, (12 + extra jets) x 4, partons first; None if it is not kept."""
        if not self.pythia.next():
            return None
        jets, quarks = self.jets()
        if not 6 <= len(jets) <= 6 + MOST_EXTRA:
            return None
        if any(delta_r(a, b) <= DELTA_R_MIN for a, b in itertools.combinations(jets, 2)):
            return None
        tagged = self.tagged(jets, quarks)
        return None if tagged is None else self.rotated(np.concatenate([self.partons(), assigned(jets, tagged)]))

    def partons(self):
        """The quarks that tops and W decay to, 6 x 4."""
        process = self.pythia.process

        def decay(particle):
            return [process[i] for i in range(particle.daughter1(), particle.daughter2() + 1)]

        def momentum(particle):
            return np.array([particle.e(), particle.px(), particle.py(), particle.pz()])

        tops = []
        for top in (particle for particle in process if particle.idAbs() == 6):
            w, quark = sorted(decay(top), key=lambda particle: particle.idAbs() != 24)
            light = sorted(map(momentum, decay(w)), key=transverse_momentum, reverse=True)
            tops.append([momentum(quark), *light])
        tops.sort(key=lambda top: transverse_momentum(sum(top)), reverse=True)
        return np.concatenate(tops)

    def jets(self):
        """Jets by falling pT, and (flavour, momentum) of b and c quarks after the shower."""
        quarks, stable = [], []
        for particle in self.pythia.event:
            flavour = particle.idAbs()
            if flavour in (4, 5) and particle.isFinalPartonLevel():
                momentum = (particle.e(), particle.px(), particle.py(), particle.pz())
                if transverse_momentum(momentum) > 1 and abs(pseudorapidity(momentum)) < 2.5:
                    quarks.append((flavour, momentum))
            # Neutrinos and muons leave nothing.
            if particle.isFinal() and flavour not in (12, 13, 14, 16):
                momentum = (particle.e(), particle.px(), particle.py(), particle.pz())
                stable.append((*momentum, particle.charge(), flavour))
        energy, px, py, pz, charge, flavour = np.array(stable).T
        eta, phi = at_calorimeter(px, py, pz, charge)
        share = np.where((flavour == 11) | (flavour == 22), 1.0, 0.0)
        share[(flavour == 310) | (flavour == 3122)] = 0.3
        towers = [
            self.ecal.towers(energy * share, eta, phi, self.random),
            self.hcal.towers(energy * (1 - share), eta, phi, self.random),
        ]
        towers = [fastjet.PseudoJet(*map(float, (x, y, z, e))) for e, x, y, z in np.concatenate(towers)]
        clusters = fastjet.ClusterSequence(towers, self.definition)
        jets = []
        for jet in clusters.inclusive_jets(CLUSTER_PT_MIN):
            p = np.array([jet.e(), jet.px(), jet.py(), jet.pz()])
            p *= math.sqrt((3.0 - 0.2 * abs(pseudorapidity(p))) ** 2 / transverse_momentum(p) + 1.0)
            if transverse_momentum(p) > PT_MIN and abs(pseudorapidity(p)) < ETA_MAX:
                jets.append(p)
        return sorted(jets, key=transverse_momentum, reverse=True), quarks

    def tagged(self, jets, quarks):
        """The two tagged jets of an event that has exactly two; None otherwise.

        An event is kept with the probability of exactly two tags, and the pair drawn: the same law as a draw for each jet,
        with more events for the time.
        """
        flavours = [0] * len(jets)
        for flavour, momentum in quarks:
            distance, nearest = min((delta_r(momentum, jet), i) for i, jet in enumerate(jets))
            if distance < 0.5:
                flavours[nearest] = max(flavours[nearest], flavour)
        chances = [tag_probability(flavour, transverse_momentum(jet)) for flavour, jet in zip(flavours, jets)]
        pairs = list(itertools.combinations(range(len(jets)), 2))
        weights = [math.prod(p if i in pair else 1 - p for i, p in enumerate(chances)) for pair in pairs]
        if self.random.random() * MOST_TAGGED >= sum(weights):
            return None
        return pairs[self.random.choice(len(pairs), p=np.array(weights) / sum(weights))]

    def rotated(self, particles):
        """Turned about the beam by a random angle: towers leave a pattern in phi otherwise."""
        angle = self.random.uniform(0, 2 * np.pi)
        cos, sin = math.cos(angle), math.sin(angle)
        _, x, y, _ = particles.T
        particles[:, 1], particles[:, 2] = cos * x - sin * y, sin * x + cos * y
        return particles


def tag_probability(flavour, pt):
    if flavour == 5:
        return 0.80 * math.tanh(0.003 * pt) * 30 / (1 + 0.086 * pt)
    if flavour == 4:
        return 0.20 * math.tanh(0.02 * pt) / (1 + 0.0034 * pt)
    return min(0.002 + 7.3e-6 * pt, 0.01)


def assigned(jets, tagged):
    """The jets (by falling pT) in the order of particles, with the smallest chi^2 of the masses of both W and both tops."""
    light = [i for i in range(len(jets)) if i not in tagged]
    w_mass = {pair: mass(jets[pair[0]] + jets[pair[1]]) for pair in itertools.combinations(light, 2)}
    parts = {
        (b, pair): ((m - 80.4) / 7.8) ** 2 + ((mass(jets[b] + jets[pair[0]] + jets[pair[1]]) - 172.5) / 8.8) ** 2
        for b in tagged
        for pair, m in w_mass.items()
    }
    disjoint = (choice for choice in itertools.permutations(w_mass, 2) if not set(choice[0]) & set(choice[1]))
    first, second = min(disjoint, key=lambda choice: parts[tagged[0], choice[0]] + parts[tagged[1], choice[1]])
    tops = [(tagged[0], *first), (tagged[1], *second)]
    tops.sort(key=lambda top: transverse_momentum(sum(jets[i] for i in top)), reverse=True)
    used = {*tops[0], *tops[1]}
    order = [*tops[0], *tops[1], *(i for i in range(len(jets)) if i not in used)]
    return np.array([jets[i] for i in order])


def chunk(seed, bias):
    """Events of one seed, with their weights, by number of extra jets."""
    simulation = Simulation(seed, bias)
    found = {extra: [] for extra in range(MOST_EXTRA + 1)}
    for _ in range(CHUNK):
        event = simulation.event()
        if event is not None:
            found[len(event) - 12].append((event, simulation.pythia.infoPython().weight()))
    return found


def chunks(pool, arguments):
    """The events of one seed after the other, as many at a time as there are processes."""
    for first in itertools.count(arguments.seed, arguments.processes):
        yield from pool.imap(functools.partial(chunk, bias=arguments.bias), range(first, first + arguments.processes))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="file to write, .npz")
    parser.add_argument("--events", type=int, default=20_000, help="events to make (default 20000)")
    parser.add_argument("--jets", type=int, default=0, choices=range(MOST_EXTRA + 1), help="their extra jets (default 0)")
    parser.add_argument("--bias", type=float, default=0.0, help="power of pT that hard processes are drawn with (default 0: as they come)")
    parser.add_argument("--partons", action="store_true", help="arrays of events that begin with the partons, beside the others")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first 1000 generated events, the next ones follow")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count(), help="by default one a core")
    arguments = parser.parse_args()
    if arguments.out.suffix != ".npz":
        parser.error(f"--out: expected a file that ends in .npz, found {arguments.out}")
    if arguments.events < 1 or not 1 <= arguments.seed < 800_000_000 or arguments.processes < 1:
        parser.error("expected at least one event and process, and a seed from 1 to 800 000 000")
    if not 0 <= arguments.bias <= 6:
        parser.error(f"--bias: expected a power from 0 to 6, found {arguments.bias}")
    found = {extra: [] for extra in range(MOST_EXTRA + 1)}
    with multiprocessing.Pool(arguments.processes) as pool:
        for events in chunks(pool, arguments):
            for extra, more in events.items():
                found[extra] += more
            count = min(len(found[arguments.jets]), arguments.events)
            print(f"\r{count} of {arguments.events} events", end="", file=sys.stderr, flush=True)
            if count == arguments.events:
                break
    print(file=sys.stderr)
    found[arguments.jets] = found[arguments.jets][: arguments.events]
    arrays = {}
    for extra, pairs in found.items():
        if pairs:
            events, weights = zip(*pairs)
            events = np.array(events, dtype=np.float32)
            arrays[f"ttbar+{extra}jet"] = events[:, 6:]
            if arguments.partons:
                arrays[f"ttbar+{extra}jet with partons"] = events
            if arguments.bias > 0:
                arrays[f"ttbar+{extra}jet weights"] = np.array(weights)
    with open(arguments.out, "wb") as file:
        np.savez(file, **arrays)


if __name__ == "__main__":
    main()

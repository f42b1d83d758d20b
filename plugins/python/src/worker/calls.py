"""Calls of the class's methods, and the loop that answers them."""

import inspect
import math
import os
import resource
import sys
import traceback

MEMBERS_KEPT = 4
FRAMES_SHOWN = 3
TRIED = 64
GUARDED = "amplicast-worker"


class Settings(dict):
    """The experiment's training settings; `progress` says how far a fit is."""

    def progress(self, done, total, loss=None):
        loss = None if loss is None or not math.isfinite(loss) else float(loss)
        pipes.send({"progress": [int(done), int(total), loss]})


class Worker:
    """The class, and those of its objects that were used last."""

    def __init__(self):
        self.members = {}

    def open(self, file, name, methods, optional, settings, memory):
        """Imports the file, looks at the class, and makes an object of it."""
        if memory is not None:
            resource.setrlimit(resource.RLIMIT_AS, (memory, resource.getrlimit(resource.RLIMIT_AS)[1]))
        self.file, self.settings = file, settings
        self.made = getattr(imported(file), name, None)
        if not isinstance(self.made, type):
            raise Wrong(f"expected a class `{name}` in it, found {'none' if self.made is None else 'something else of this name'}")
        missing = [method for method in methods if not callable(getattr(self.made, method, None))]
        if missing:
            raise Wrong(f"expected the methods {', '.join(methods)}, found no {', '.join(missing)}")
        self.object = self.fresh()
        optional = [method for method in optional if callable(getattr(self.made, method, None))]
        names = getattr(self.object, "names", [name])
        if not isinstance(names, (list, tuple)) or not names or not all(isinstance(text, str) for text in names):
            raise Wrong(f"names: expected a list of texts, found {names!r}")
        known = {"optional": optional, "names": list(names), "vectors": bool(getattr(self.object, "vectors", False))}
        known["weights"] = self.weights = any(name in methods and takes_weights(getattr(self.object, name)) for name in ("fit", "value"))
        version = ".".join(map(str, sys.version_info[:3]))
        return {"python": version, "packages": packages(), "files": own_files(), **known}, []

    def fresh(self):
        return self.made(**self.settings)

    def loaded(self, state):
        member = self.fresh()
        member.load(unpack(state))
        return member

    def drawn(self, member, n, seed, columns):
        seed_all(seed)
        shapes = [(n, columns)] + ([(n, columns // 4, 4)] if columns % 4 == 0 else [])
        return numbers("sample", member.sample(n, seed), shapes)

    def fit(self, events, rows, *weights, settings, seed):
        """The state of a fit, which must be all that its events depend on, besides a seed; to classes that take them with weights."""
        seed_all(seed)
        member, columns = self.fresh(), events.shape[1]
        given = {"weights": weights[0].copy()} if weights else {}
        member.fit(events.copy(), rows, Settings(settings), seed, **given)
        state = pack(member.state())
        first, other = self.drawn(member, TRIED, 1, columns), self.drawn(member, TRIED, 2, columns)
        if numpy.array_equal(first, other):
            raise Wrong("sample: expected other events for another seed, found the same: draw them from the `seed` that it is given")
        again = self.drawn(self.loaded(state), TRIED, 1, columns)
        if not numpy.allclose(first, again, rtol=1e-3, atol=1e-3 * (numpy.std(first) + 1e-12), equal_nan=True):
            raise Wrong("load: expected the events of the fit, found others: `state` does not hold all that they depend on")
        return {}, [numpy.frombuffer(state, "u1")]

    def load(self, state, member):
        while len(self.members) >= MEMBERS_KEPT:
            del self.members[next(iter(self.members))]
        self.members[member] = self.loaded(state.tobytes())
        return {"members": list(self.members)}, []

    def sample(self, member, n, seed, columns):
        return {}, [self.drawn(self.members[member], n, seed, columns)]

    def log_density(self, events, member, seed):
        seed_all(seed)
        n = len(events)
        return {}, [numbers("log_density", self.members[member].log_density(events), [(n,), (n, 1)])]

    def prepare(self, columns, particles):
        """Lets a summary refuse events of other columns than it knows."""
        self.object.prepare(columns, particles)
        return {}, []

    def evaluate(self, events, width):
        n = len(events)
        shapes = [(n,), (n, 1)] if width == 1 else [(n, width)]
        return {}, [numbers("evaluate", self.object.evaluate(events), shapes)]

    def distance(self, reference, sample, weights=None, seed=0):
        """A metric's number for two samples, and their weights for a class that takes them; of one number an event they are lists."""
        seed_all(seed)
        given = {}
        if self.weights:
            weights = [numpy.ones(len(events)) for events in (reference, sample)] if weights is None else weights
            given["weights"] = tuple(map(unit, weights))
        if reference.shape[1] == 1:
            reference, sample = reference[:, 0], sample[:, 0]
        found = numbers("value", self.object.value(reference, sample, **given), [()]).item()
        if not math.isfinite(found):
            raise Wrong(f"value: expected a finite number, found {found} for {len(reference)} and {len(sample)} events")
        return found

    def value(self, reference, sample, *weights):
        return {}, [numpy.array(self.distance(reference, sample, weights or None))]

    def law(self, events, *weights, m, n, trials, pairs):
        """The metric's numbers for pairs of m and n of these true events, which are `split` into disjoint parts or drawn with replacement: with
        their weights, or, of the second sample, so that they count `alike`."""
        weights, found = (weights[0] if weights else None), numpy.empty(trials)
        likely = positive(events, weights) if pairs == "alike" and weights is not None else None
        for trial in range(trials):
            random = numpy.random.default_rng([trial, int(pairs == "split")])
            if pairs == "split":
                first, second = numpy.split(random.permutation(len(events))[: m + n], [m])
            else:
                first = random.integers(len(events), size=m)
                second = random.integers(len(events), size=n) if likely is None else drawn(random, n, likely)
            both = None
            if weights is not None:
                both = weights[first], (weights[second] if likely is None else numpy.ones(n))
            found[trial] = self.distance(events[first], events[second], both, trial)
        return {}, [found]

    def from_all(self, events, weights, n, trials, alike):
        """The metric's numbers for all of these true events and n that are drawn from them with replacement: with their weights, or so that
        they count alike. Equal weights are the same in both ways."""
        likely, found = (positive(events, weights) if alike else numpy.ones(len(events))), numpy.empty(trials)
        for trial in range(trials):
            places = drawn(numpy.random.default_rng(trial), n, likely)
            both = weights, (numpy.ones(n) if alike else weights[places])
            found[trial] = self.distance(events, events[places], both, trial)
        return {}, [found]

    def defined(self, events):
        n = len(events)
        return {}, [(numbers("defined", self.object.defined(events), [(n,)]) != 0).view("u1")]


def takes_weights(method):
    return "weights" in inspect.signature(method).parameters


def told(error):
    """An exception in a line: its type and text, and where in the user's code it was raised, innermost first."""
    if isinstance(error, Wrong):
        return str(error)
    text = "".join(traceback.format_exception_only(type(error), error)[-1:]).strip()
    if isinstance(error, ModuleNotFoundError):
        text = f"{error}: install it for {sys.executable}"
    if isinstance(error, SystemExit):
        text = f"SystemExit: {error}: it asked the interpreter to end"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != GUARDED]
    own = [frame for frame in frames if not frame.filename.startswith("<frozen")]
    places = [f"{os.path.basename(f.filename)}:{f.lineno} in {f.name}: {f.line}" for f in own[::-1][:FRAMES_SHOWN]]
    return f"{text} ({'; '.join(places)})" if places else text


requests, replies = take_pipes()
guard(requests, replies)
pipes = Pipes(requests, replies, sys.argv[2])
pipes.write(b"\namplicast 1\n")
try:
    import numpy
except ImportError as error:
    pipes.write(json.dumps({"error": f"{error}: install numpy for {sys.executable}"}).encode() + b"\n")
    os._exit(0)
worker = Worker()
while True:
    message, arrays = pipes.receive()
    try:
        answer = getattr(worker, message.pop("call"))(*arrays, **message)
    except BaseException as error:  # Also SystemExit: the interpreter lives on.
        if pipes.forked:
            os._exit(1)
        answer = {"error": told(error)}, []
    pipes.send(*answer)

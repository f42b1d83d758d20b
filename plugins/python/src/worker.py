"""The half of the door that runs in the user's interpreter: it holds the class, and answers calls until its pipe closes.

Calls come as a line of JSON, with the types and shapes of the arrays whose bytes follow it; answers go back in the same way. The pipes are
the standard input and output that the interpreter was started with. Before any code of the user's runs they are moved away, so that
whatever that code prints goes to standard error.
"""

import fcntl
import importlib.metadata
import importlib.util
import json
import math
import os
import random
import resource
import select
import signal
import sys
import sysconfig
import traceback

PIPE_BYTES = 1 << 20
F_SETPIPE_SZ = 1031
MEMBERS_KEPT = 4
FRAMES_SHOWN = 3
TRIED = 64
GUARDED = "amplicast-worker"


class Wrong(Exception):
    """A mistake of the class's author, in words of its own."""


def take_pipes():
    """Moves the pipes out of the way of `print` and `input`."""
    requests, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    for pipe in (requests, replies):
        try:
            fcntl.fcntl(pipe, F_SETPIPE_SZ, PIPE_BYTES)
        except OSError:
            pass  # More than an unprivileged user has left: slower, and no more.
    return requests, replies


def guard(requests, replies):
    """Leaves a process behind that ends all of this group once nobody can call any more, whatever the class is doing then."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    if os.fork():
        os._exit(0)
    os.close(replies)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    hung_up = select.poll()
    hung_up.register(requests, 0)
    while not any(event & (select.POLLHUP | select.POLLERR) for _, event in hung_up.poll()):
        pass
    os.killpg(0, signal.SIGKILL)


class Pipes:
    """Messages over the two pipes."""

    def __init__(self, requests, replies):
        self.requests, self.replies, self.forked = requests, replies, False
        self.reader = os.fdopen(requests, "rb", buffering=1 << 16)
        os.register_at_fork(after_in_child=self.forget)

    def forget(self):
        """A process that the class forked must neither answer nor keep the pipes open."""
        self.forked = True
        os.close(self.requests)
        os.close(self.replies)

    def receive(self):
        line = self.reader.readline()
        if not line:
            os._exit(0)
        message = json.loads(line)
        arrays = []
        for dtype, shape in message.pop("arrays", []):
            array = numpy.empty(shape, dtype)
            if array.nbytes and self.reader.readinto(array.reshape(-1).view("u1").data) != array.nbytes:
                os._exit(0)
            arrays.append(array)
        return message, arrays

    def send(self, message, arrays=()):
        if self.forked:
            os._exit(0)
        arrays = [numpy.ascontiguousarray(array) for array in arrays]
        message["arrays"] = [[array.dtype.str, list(array.shape)] for array in arrays]
        self.write(json.dumps(message).encode() + b"\n")
        for array in arrays:
            self.write(array.reshape(-1).view("u1").data)

    def write(self, content):
        content = memoryview(content)
        while content:
            content = content[os.write(self.replies, content):]


class Settings(dict):
    """The experiment's training settings; `progress` says how far a fit is."""

    def progress(self, done, total, loss=None):
        loss = None if loss is None or not math.isfinite(loss) else float(loss)
        pipes.send({"progress": [int(done), int(total), loss]})


def imported(path):
    """The module of a file, with its folder first on the path of imports."""
    folder, name = os.path.dirname(path), os.path.splitext(os.path.basename(path))[0]
    sys.path.insert(0, folder)
    sys.argv = [path]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None:
        raise Wrong("expected a Python file (.py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def own_files():
    """Files of all modules that belong to no installed package: those beside the file, and of other folders of the path of imports."""
    paths = sysconfig.get_paths()
    installed = {os.path.realpath(paths[kind]) + os.sep for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    files = set()
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and os.path.isfile(path):
            path = os.path.realpath(path)
            if not path.startswith(tuple(installed)) and f"{os.sep}site-packages{os.sep}" not in path:
                files.add(path)
    return sorted(files)


def packages():
    """Names and versions of the installed packages that are imported."""
    names = {name.partition(".")[0] for name in list(sys.modules)}
    names -= set(getattr(sys, "stdlib_module_names", ())) | set(sys.builtin_module_names)
    found, others = {}, set()
    for name in names:
        try:
            found[name.lower()] = importlib.metadata.version(name)
        except Exception:
            others.add(name)
    others = {name for name in others if not name.startswith("_")}
    for distribution in importlib.metadata.distributions() if others else ():
        tops = (distribution.read_text("top_level.txt") or "").split()
        tops = tops or {file.parts[0].partition(".")[0] for file in distribution.files or ()}
        if others.intersection(tops):
            found[distribution.metadata["Name"].lower()] = distribution.version
    return found


def seed_all(seed):
    """Sets the streams that code draws from without being told a seed."""
    random.seed(seed)
    numpy.random.seed([seed & 0xFFFFFFFF, seed >> 32])
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)


def numbers(what, value, shapes):
    """What a method returned, as an array of float64 of the first of these shapes."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    array = numpy.asarray(value)
    if array.dtype.kind not in "fiub":
        raise Wrong(f"{what}: expected numbers, found an array of type {array.dtype} ({type(value).__name__})")
    if array.shape not in shapes:
        expected, found = (" x ".join(map(str, shape)) for shape in (shapes[0], array.shape))
        raise Wrong(f"{what}: expected an array of shape {expected}, found {found or 'one number'}")
    return numpy.ascontiguousarray(array.reshape(shapes[0]), dtype="<f8")


def pack(state):
    """A state as bytes: those of the class, or a dictionary of arrays with their names, types and shapes before them."""
    if isinstance(state, (bytes, bytearray, memoryview)):
        return b"b" + bytes(state)
    if not isinstance(state, dict):
        raise Wrong(f"state: expected bytes or a dict of arrays, found {type(state).__name__}")
    header, content = [], []
    for name, value in state.items():
        if hasattr(value, "detach"):
            value = value.detach().cpu()
        array = numpy.asarray(value)
        if not isinstance(name, str) or array.dtype.kind not in "fiubc":
            raise Wrong(f"state: expected arrays of numbers under names, found {type(value).__name__} of type {array.dtype} under {name!r}")
        header.append([name, array.dtype.str, list(array.shape)])
        content.append(array.tobytes())
    return b"d" + json.dumps(header).encode() + b"\n" + b"".join(content)


def unpack(content):
    """The state that `pack` made bytes of."""
    if content[:1] == b"b":
        return content[1:]
    header, _, content = content[1:].partition(b"\n")
    state, place = {}, 0
    for name, dtype, shape in json.loads(header):
        array = numpy.ndarray(shape, dtype, content, place).copy()
        state[name] = array
        place += array.nbytes
    return state


class Worker:
    """The class, and those of its objects that were used last."""

    def __init__(self):
        self.members = {}

    def open(self, file, name, methods, settings, memory):
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
        self.fresh()
        optional = [method for method in ("log_density",) if callable(getattr(self.made, method, None))]
        version = ".".join(map(str, sys.version_info[:3]))
        return {"python": version, "packages": packages(), "files": own_files(), "optional": optional}, []

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

    def fit(self, events, rows, settings, seed):
        """The state of a fit, which must be all that its events depend on, besides a seed."""
        seed_all(seed)
        member, columns = self.fresh(), events.shape[1]
        member.fit(events.copy(), rows, Settings(settings), seed)
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
pipes = Pipes(requests, replies)
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

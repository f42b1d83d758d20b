"""The half of the door that runs in the user's interpreter: it holds the class, and answers calls until its pipe closes.

Calls come as a line of JSON, with the types and shapes of the arrays whose bytes follow it; answers go back in the same way. The pipes are
the standard input and output that the interpreter was started with. Before any code of the user's runs they are moved away, so that
whatever that code prints goes to standard error.

The files of this folder are one program, in the order pipes, imports, values, draws, calls.
"""

import fcntl
import json
import mmap
import os
import select
import signal

PIPE_BYTES = 1 << 20
SHARED_BYTES = 1 << 18
SHARED_PIECES = 4
F_SETPIPE_SZ = 1031


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


def shared_memory(file):
    """The memory that the program shares; an error where it cannot be opened."""
    memory = os.open(file, os.O_RDWR)
    try:
        os.ftruncate(memory, SHARED_PIECES * SHARED_BYTES)
        return mmap.mmap(memory, SHARED_PIECES * SHARED_BYTES)
    finally:
        os.close(memory)


class Pipes:
    """Messages over the two pipes. A large array of an answer goes through memory that the program reads while it is written: each byte in
    the pipe then stands for a piece of it, and each that comes back for a place that is free again."""

    def __init__(self, requests, replies, shared):
        self.requests, self.replies, self.forked = requests, replies, False
        try:
            self.memory = shared_memory(shared)
        except (OSError, ValueError):
            self.memory = None
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
        shared = self.memory is not None and len(arrays) == 1 and arrays[0].nbytes >= SHARED_BYTES
        message["shared"] = shared
        self.write(json.dumps(message).encode() + b"\n")
        for array in arrays:
            content = array.reshape(-1).view("u1").data
            if shared:
                self.share(content)
            else:
                self.write(content)

    def share(self, content):
        for number, start in enumerate(range(0, len(content), SHARED_BYTES)):
            if number >= SHARED_PIECES and not self.reader.read(1):
                os._exit(0)
            piece, place = content[start:start + SHARED_BYTES], number % SHARED_PIECES * SHARED_BYTES
            self.memory[place:place + len(piece)] = piece
            self.write(b".")

    def write(self, content):
        content = memoryview(content)
        while content:
            content = content[os.write(self.replies, content):]

"""What crosses between the class and the program: seeds, numbers, states."""

import json
import random
import sys


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
        expected = f"an array of shape {expected}" if expected else "one number"
        raise Wrong(f"{what}: expected {expected}, found {found or 'one number'}")
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

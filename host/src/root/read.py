"""Reads branches of a tree in a ROOT file with uproot, for `amplicast convert`.

Takes a JSON object on standard input, writes rows of little-endian doubles to the file that it names, and says in one JSON object on standard
output what they are: columns, events, and the sum of each column as uproot gives it when that branch is read alone.
"""

import json
import re
import sys


def fail(message):
    print(json.dumps({"error": message}))
    sys.exit(0)


try:
    import awkward
    import numpy
    import uproot
except ImportError as error:
    fail(
        f"this Python ({sys.executable}) cannot read ROOT files: {error}; install what it needs: "
        f"`{sys.executable} -m pip install uproot awkward`, or name another one with --python"
    )

LARGEST = 2**53


def branch_and_place(text):
    """`Jet_pt[0]` is the first one of a branch of several numbers an event."""
    found = re.fullmatch(r"(.+)\[(\d+)\]", text)
    return (found[1], int(found[2])) if found else (text, None)


def tree_of(file, wanted):
    trees = [key for key, name in file.classnames(cycle=False).items() if "TTree" in name or "RNTuple" in name]
    if wanted is None and len(trees) == 1:
        return file[trees[0]]
    if wanted not in trees:
        found = "none" if wanted is None else f"`{wanted}`"
        fail(f"expected --tree, one of {', '.join(f'`{t}`' for t in trees) or 'none in this file'}, found {found}")
    return file[wanted]


def no_missing(name, array):
    missing = int(awkward.sum(awkward.is_none(array, axis=-1)))
    if missing:
        fail(
            f"branch `{name}`: expected numbers, found {missing} missing values (a mask): what is written beside them is not to be relied "
            "on in RNTuples of uproot; fill or drop them before the file is written"
        )


def numbers(name, place, array):
    """One double an event."""
    no_missing(name, array)
    if array.ndim > 1:
        if place is None:
            fail(f"branch `{name}`: expected one number an event, found several; name one of them, such as `{name}[0]`")
        short = int(awkward.sum(awkward.num(array) <= place))
        if short:
            fail(
                f"branch `{name}`: expected at least {place + 1} numbers in every event, found fewer in {short} events; leave these out with "
                f"--cut, such as --cut 'awkward.num({name}) > {place}'"
            )
        array = array[:, place]
        if array.ndim > 1:
            fail(f"branch `{name}[{place}]`: expected one number an event, found several")
    elif place is not None:
        fail(f"branch `{name}`: expected several numbers an event, found one; name it without [{place}]")
    try:
        array = awkward.to_numpy(array)
    except (TypeError, ValueError) as error:
        fail(f"branch `{name}`: expected numbers, found {error}")
    if array.dtype.kind not in "fiub":
        fail(f"branch `{name}`: expected numbers, found {array.dtype}")
    if array.dtype.kind in "iu" and array.size and max(abs(int(array.max())), abs(int(array.min()))) >= LARGEST:
        fail(f"branch `{name}`: expected integers below 2^53, which a double holds, found larger ones")
    return array.astype("<f8")


def chosen(tree, start, stop, columns, cut):
    """The columns of some entries that pass the cut, and which of them do."""
    names = {name for name, _ in columns}
    if cut is not None:
        known = set(tree.keys())
        names |= {name for name in re.findall(r"[A-Za-z_]\w*", cut) if name in known}
    arrays = {name: tree[name].array(entry_start=start, entry_stop=stop) for name in names}
    passed = numpy.ones(stop - start, dtype=bool)
    if cut is not None:
        for name in names:
            no_missing(name, arrays[name])
        try:
            passed = awkward.to_numpy(eval(cut, {"numpy": numpy, "awkward": awkward, "abs": abs}, arrays))
        except Exception as error:
            fail(f"--cut: expected an expression of branches, found {type(error).__name__}: {error}")
        if passed.shape != (stop - start,) or passed.dtype != bool:
            fail(f"--cut: expected one truth value an event, found {passed.dtype} of shape {passed.shape}")
    return [numbers(name, place, arrays[name][passed]) for name, place in columns], passed


def main():
    asked = json.load(sys.stdin)
    try:
        file = uproot.open(asked["file"])
    except Exception as error:
        fail(f"expected a ROOT file, found {type(error).__name__}: {error}")
    tree = tree_of(file, asked["tree"])
    beside = [name for name in (asked["weights"], asked["groups"]) if name]
    branches = asked["branches"] or [key for key in tree.keys() if key not in beside]
    texts = branches + beside
    columns = [branch_and_place(text) for text in texts]
    known = set(tree.keys())
    for name, _ in columns:
        if name not in known:
            fail(f"expected branches of `{tree.name}`: {', '.join(sorted(known))}, found `{name}`")
    entries, step, events = tree.num_entries, 100_000, 0
    kept = []
    with open(asked["out"], "wb") as out:
        for start in range(0, entries, step):
            arrays, passed = chosen(tree, start, min(start + step, entries), columns, asked["cut"])
            kept.append(passed)
            events += int(passed.sum())
            out.write(numpy.stack(arrays, axis=1).tobytes())
    # The same, each branch alone and at once.
    kept = numpy.concatenate(kept) if kept else numpy.zeros(0, dtype=bool)
    sums = [float(numpy.sum(numbers(name, place, tree[name].array()[kept]))) for name, place in columns]
    sizes = [float(numpy.sum(numpy.abs(numbers(name, place, tree[name].array()[kept])))) for name, place in columns]
    print(json.dumps({"columns": branches, "events": events, "sums": sums, "sizes": sizes, "uproot": uproot.__version__}))


main()

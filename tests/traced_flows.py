"""Flows of published libraries through the generator `torchscript`: python tests/traced_flows.py PROGRAM FOLDER

Each of `examples/traced/libraries.py` is saved, compared with itself, and asked in an experiment how many events its file is worth that the library's
own events, as a holdout, can tell: a lower bound, since they are of one law.
"""

import json
import os
import subprocess
import sys

# The build for CUDA names libraries of which some functions are not there; none is called.
sys.setdlopenflags(os.RTLD_LAZY)

import numpy
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "examples", "traced"))

import libraries
import traced

EXPERIMENT = """
[experiment]
n_gen = 20_000
n_train = 1000
n_holdout = 4000

[dataset]
plugin = "events-file"
train = "train.npy"
holdout = "holdout.npy"

[[generator]]
plugin = "torchscript"
files = ["m*.pt"]
members_data = "same"
{density}

[[summary]]
plugin = "coordinate"

[[summary]]
plugin = "radius"

[[metric]]
plugin = "ks"
reference = "holdout"
"""


class Stretched(torch.nn.Module):
    """Events that are too wide by half."""

    def __init__(self, events):
        super().__init__()
        self.events = events

    def forward(self, z):
        return 1.5 * self.events(z)


def main(program, folder):
    torch.set_num_threads(1)
    failed = []
    for name, make in libraries.FLOWS.items():
        events, density, shape = made(make)
        wrong = of_member(program, os.path.join(folder, name), (events, density, shape), events)
        print(f"{name}: {wrong or 'the file is the flow, and its events are those of the flow'}", flush=True)
        failed += [name] if wrong else []
    # Whether all this would find another flow.
    events, _, shape = made(libraries.zuko_spline)
    if of_member(program, os.path.join(folder, "stretched"), (Stretched(events), None, shape), events) is None:
        failed.append("a file of events that are too wide by half, in which nothing was found")
    return f"wrong: {', '.join(failed)}" if failed else 0


def made(make):
    torch.manual_seed(1)
    events, density, shape = make()
    return events.eval(), density, shape


def of_member(program, folder, member, true):
    """What is wrong with a member, in words; its training events and its holdout are made by `true`."""
    os.makedirs(folder)
    events, density, shape = member
    files = [os.path.join(folder, f"m{k}.pt") for k in range(3)]
    for file in files:
        traced.save(file, events, density, shape)
    apart = traced.agrees(files[0], events, density, shape)
    # Single precision; a density is a sum of some tens of terms.
    if not (apart[0] < 1e-5 and apart[1] < 1e-4):
        return f"the saved member differs from the network: events by {apart[0]}, log densities by {apart[1]}"
    with torch.no_grad():
        for name, n in [("train", 1000), ("holdout", 4000)]:
            drawn = [true(torch.randn([1000, *shape])).flatten(1) for _ in range(n // 1000)]
            numpy.save(os.path.join(folder, f"{name}.npy"), torch.cat(drawn).double().numpy())
    line = 'log_density = "log_density"' if density is not None else ""
    with open(os.path.join(folder, "experiment.toml"), "w") as file:
        file.write(EXPERIMENT.format(density=line))
    call = [program, "run", "experiment.toml", "--out", "run"]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        return f"amplicast ended with {done.returncode}\n{done.stdout}{done.stderr}"
    with open(os.path.join(folder, "run", "results.json")) as file:
        cells = json.load(file)["cells"]
    for cell in cells:
        estimate = cell["replicas"][0]["estimate"]
        high = estimate["interval_95"]["high"]
        # 4000 true events tell a sample that is worth fewer than some hundreds.
        if high is not None and high < 0.5:
            return f"the file's events are not the flow's: {cell['name']}: {estimate}"
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

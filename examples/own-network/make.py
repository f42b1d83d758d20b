"""Writes the files of this folder: events of a Gaussian, and flows that were trained on them in PyTorch.

Each flow is trained on its own bootstrap of the events: only then does their spread say how far the training set may be off.
"""

import math

import numpy as np
import torch

MEMBERS = 20


class Flow(torch.nn.Module):
    """One layer, x = mean + exp(log_width) z of a normal z: put a network of your own here."""

    def __init__(self):
        super().__init__()
        self.mean = torch.nn.Parameter(torch.zeros(1))
        self.log_width = torch.nn.Parameter(torch.zeros(1))

    @torch.jit.export
    def sample(self, n: int, seed: int) -> torch.Tensor:
        # amplicast has set the random numbers of libtorch by the seed.
        return self.mean + self.log_width.exp() * torch.randn([n, 1])

    @torch.jit.export
    def log_density(self, events: torch.Tensor) -> torch.Tensor:
        # Events come in double precision.
        z = (events.to(torch.float32) - self.mean) / self.log_width.exp()
        return (-0.5 * z * z - self.log_width - 0.5 * math.log(2 * math.pi)).sum(1)


def trained(events: torch.Tensor) -> Flow:
    flow = Flow()
    optimizer = torch.optim.Adam(flow.parameters(), lr=0.01)
    for _ in range(500):
        optimizer.zero_grad()
        (-flow.log_density(events).mean()).backward()
        optimizer.step()
    return flow


rng = np.random.default_rng(1)
events = rng.normal(size=(3000, 1)).astype(np.float32)
np.save("events.npy", events)
train = events[:1000]
for member in range(MEMBERS):
    bootstrap = train[rng.integers(len(train), size=len(train))]
    torch.jit.save(torch.jit.script(trained(torch.tensor(bootstrap))), f"m{member}.pt")

"""From a training loop in PyTorch to a G that covers: a flow of affine couplings on a ring, one fit to all events and ten to halves of them.

Run it with `python examples/own-ensemble.py`, in an environment with amplicast and torch: about a minute on two cores.
"""

import amplicast
import torch

torch.manual_seed(1)
angle = 2 * torch.pi * torch.rand(1000)
radius = 1 + 0.1 * torch.randn(1000)
train = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)  # your events, n x d


class Flow(torch.nn.Module):
    """Eight affine couplings between noise and events."""

    def __init__(self):
        super().__init__()
        self.nets = torch.nn.ModuleList(
            torch.nn.Sequential(torch.nn.Linear(1, 64), torch.nn.SiLU(), torch.nn.Linear(64, 64), torch.nn.SiLU(), torch.nn.Linear(64, 2))
            for _ in range(8)
        )

    def log_density(self, x):
        log_det = 0.0
        for net in self.nets:
            shift, scale = net(x[:, :1]).tanh().mul(3).unbind(1)
            x, log_det = torch.stack([(x[:, 1] - shift) * (-scale).exp(), x[:, 0]], dim=1), log_det - scale
        return log_det - 0.5 * (x**2).sum(1)

    @torch.no_grad()
    def sample(self, n):
        x = torch.randn(n, 2)
        for net in reversed(self.nets):
            shift, scale = net(x[:, 1:]).tanh().mul(3).unbind(1)
            x = torch.stack([x[:, 1], x[:, 0] * scale.exp() + shift], dim=1)
        return x


def fit(events, steps):
    """A flow, trained for so many steps."""
    flow = Flow()
    adam = torch.optim.Adam(flow.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    for _ in range(steps):
        batch = events[torch.randint(len(events), (200,))]
        adam.zero_grad()
        (-flow.log_density(batch).mean()).backward()
        adam.step()
        schedule.step()
    return flow


parts = amplicast.split(train, halves=10)
full = [fit(train, steps=2000).sample(100_000) for _ in range(2)]
members = [fit(part.events, steps=1000).sample(100_000) for part in parts]  # half of the events, half of the steps
rows = [part.rows for part in parts]
result = amplicast.estimate(train, members, full=full, members_rows=rows, summary="radius", quantiles=20, regions="2-19")
print(result)

"""From a training loop in PyTorch to a G that covers: two fits to all events of a ring, and ten to random halves of them.

Run it with `python examples/own-ensemble.py` where amplicast and torch are installed: about ten seconds on one core.
"""

import torch
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

import amplicast

torch.manual_seed(1)
torch.set_num_threads(1)  # the network is small
angle, radius = 2 * torch.pi * torch.rand(1000), 1 + 0.1 * torch.randn(1000)
train = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)  # your events: n x d


class Mixture(torch.nn.Module):
    """A mixture of 24 Gaussians, which stands for your network."""

    def __init__(self, events):
        super().__init__()
        self.logits = torch.nn.Parameter(torch.zeros(24))
        self.means = torch.nn.Parameter(events[torch.randperm(len(events))[:24]].clone())
        self.widths = torch.nn.Parameter(torch.tensor([[-1.5, -1.5, 0.0]]).repeat(24, 1))

    def forward(self):
        a, b, c = self.widths.unbind(1)
        root = torch.stack([a.exp(), torch.zeros_like(a), c, b.exp()], dim=1).view(-1, 2, 2)
        return MixtureSameFamily(Categorical(logits=self.logits), MultivariateNormal(self.means, scale_tril=root, validate_args=False))


def fit(events, steps):
    """Trains a network on some events, and draws what it generates."""
    network = Mixture(events)
    adam = torch.optim.Adam(network.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    for _ in range(steps):
        batch = events[torch.randint(len(events), (200,))]
        loss = -network().log_prob(batch).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        schedule.step()
    return network().sample((100_000,))


parts = amplicast.split(train, halves=10)
full = [fit(train, steps=1000) for _ in range(2)]
members = [fit(part.events, steps=500) for part in parts]  # half of the events, half of the steps
rows = [part.rows for part in parts]
result = amplicast.estimate(train, members, full=full, members_rows=rows, summary="radius", quantiles=20, regions="2-19")
print(result)

"""The published networks of flow matching in eager PyTorch, as `peers.py` measures them."""

import torch
import torch.nn.functional as F
from torch import nn

import published


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x):
        n, tokens, width = x.shape
        normed = F.layer_norm(x, (width,))
        query, key, value = self.qkv(normed).view(n, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(x.shape)
        x = x + self.out(attended)
        return x + self.mlp(F.layer_norm(x, (width,)))


class Velocity(nn.Module):
    """Six blocks of width 104 with eight heads over the four coordinates of each particle."""

    def __init__(self, particles=6, width=104, heads=8, blocks=6):
        super().__init__()
        self.register_buffer("frequencies", 30 * torch.randn(4))
        self.register_buffer("identity", torch.eye(particles))
        self.time = nn.Linear(8, 8)
        self.embed = nn.Linear(4 + particles + 8, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(blocks)))
        self.head = nn.Linear(width, 4)

    def forward(self, x, t):
        n, particles, _ = x.shape
        phase = 2 * torch.pi * t[:, None] * self.frequencies
        time = self.time(torch.cat([phase.sin(), phase.cos()], -1))
        time = time[:, None].expand(n, particles, 8)
        tokens = torch.cat([x, self.identity.expand(n, -1, -1), time], -1)
        return self.head(self.blocks(self.embed(tokens)))


class OfMomenta(nn.Module):
    """A published equivariant network on events of particles with an identity and a time; it gives a vector and two scalars.

    The map from momenta to coordinates and back is left out: it is no part of the packages.
    """

    def __init__(self, network, particles=6):
        super().__init__()
        self.register_buffer("frequencies", 30 * torch.randn(4))
        self.register_buffer("identity", torch.eye(particles))
        self.time = nn.Linear(8, 8)
        self.network = network(particles + 8)

    def forward(self, p, t):
        n, particles, _ = p.shape
        phase = 2 * torch.pi * t[:, None] * self.frequencies
        time = self.time(torch.cat([phase.sin(), phase.cos()], -1))[:, None].expand(n, particles, 8)
        vector, scalars = self.network(p, torch.cat([self.identity.expand(n, -1, -1), time], -1))
        return torch.cat([vector[..., 1:3].float(), scalars.float()], -1)


def momenta(events, particles=6):
    """Heavy enough to be far from the light cone, in double precision."""
    p = torch.randn(events, particles, 3, dtype=torch.float64)
    mass = 0.05 + 0.05 * torch.rand(events, particles, 1, dtype=torch.float64)
    return torch.cat([(p.square().sum(-1, keepdim=True) + mass**2).sqrt(), p], -1)


NETWORKS = {
    "flow-transformer": ("PyTorch {torch} eager", Velocity, torch.randn),
    "flow-lgatr": ("lgatr 1.3.0", lambda: OfMomenta(published.Lgatr), momenta),
    "flow-lgatr-slim": ("lgatr 1.4.4", lambda: OfMomenta(published.Slim), momenta),
    "flow-lloca": ("lloca 1.3.5", lambda: OfMomenta(published.Lloca), momenta),
}


def prepared(generator, batch):
    """Name, network, events and times."""
    name, network, events = NETWORKS[generator]
    x = events(batch, 6, 4) if generator == "flow-transformer" else events(batch)
    return name.format(torch=torch.__version__), network(), x, torch.rand(batch)


def training(generator, batch=512, steps=1):
    """Training steps: loss, gradient, clip, Adam. The points on the lines are drawn beforehand."""
    name, network, x, t = prepared(generator, batch)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    v = torch.randn(batch, 6, 4)

    def run():
        for _ in range(steps):
            optimizer.zero_grad(set_to_none=True)
            loss = (network(x, t) - v).square().mean() / 2
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()

    return name, steps, run


def sampling(generator, events=512, calls=4):
    """Calls of the network without gradients."""
    name, network, x, t = prepared(generator, events)

    def run():
        with torch.no_grad():
            for _ in range(calls):
                network(x, t)

    return name, calls, run

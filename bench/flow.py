"""The published transformer of flow matching in eager PyTorch, as `peers.py` measures it."""

import torch
import torch.nn.functional as F
from torch import nn


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


def training(batch=512, particles=6, steps=2):
    """A number of training steps: loss, gradient, clip, Adam. The points on the lines are drawn beforehand."""
    network = Velocity(particles)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    x, v, t = torch.randn(batch, particles, 4), torch.randn(batch, particles, 4), torch.rand(batch)

    def run():
        for _ in range(steps):
            optimiser.zero_grad(set_to_none=True)
            loss = (network(x, t) - v).square().mean() / 2
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()

    return f"PyTorch {torch.__version__} eager", steps, run


def sampling(events=512, particles=6, calls=4):
    """A number of calls of the network without gradients."""
    network = Velocity(particles)
    x, t = torch.randn(events, particles, 4), torch.rand(events)

    def run():
        with torch.no_grad():
            for _ in range(calls):
                network(x, t)

    return f"PyTorch {torch.__version__} eager", calls, run

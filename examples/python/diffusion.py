"""A diffusion model: events are turned into noise along x(t) = cos(pi t / 2) x + sin(pi t / 2) noise, and a network learns the velocity of
that motion (Salimans and Ho 2022, arXiv:2202.00512). Events are drawn by going back from noise in steps without further randomness
(Song et al. 2020, arXiv:2010.02502)."""

import math

import torch

from network import Network, layers


class Diffusion(Network):
    def __init__(self, steps=32, waves=4, **common):
        super().__init__(**common)
        self.steps_back, self.waves = steps, waves

    def parts(self, columns):
        self.columns = columns
        return {"velocity": layers(columns + 2 * self.waves, columns, self.width)}

    def velocity(self, moved, time):
        phases = math.pi * time * torch.arange(1, self.waves + 1, device=self.device) / 2
        return self.net["velocity"](torch.cat([moved, phases.cos(), phases.sin()], dim=1))

    def learn(self, numbers, settings):
        optimizer = torch.optim.Adam(self.net.parameters())
        for batch, weights in self.steps(numbers, settings, optimizer):
            time, noise = torch.rand(len(batch), 1, device=self.device), torch.randn_like(batch)
            event_part, noise_part = (math.pi * time / 2).cos(), (math.pi * time / 2).sin()
            found = self.velocity(event_part * batch + noise_part * noise, time)
            optimizer.zero_grad()
            apart = (found - (event_part * noise - noise_part * batch)).square().mean(dim=1)
            (weights * apart).mean().backward()
            optimizer.step()

    def draw(self, n):
        moved = torch.randn(n, self.columns, device=self.device)
        angle = math.pi / (2 * self.steps_back)
        for step in range(self.steps_back, 0, -1):
            time = torch.full((n, 1), step / self.steps_back, device=self.device)
            # Position and velocity turn into each other: a step back is a rotation by its angle.
            moved = math.cos(angle) * moved - math.sin(angle) * self.velocity(moved, time)
        return moved

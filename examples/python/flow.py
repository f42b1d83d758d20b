"""A normalizing flow: a neural spline flow (Durkan et al. 2019, arXiv:1906.04032) of the package zuko, which learns by its likelihood."""

import torch
import zuko

from network import Network


class Flow(Network):
    def __init__(self, transforms=3, bins=8, **common):
        super().__init__(**common)
        self.transforms, self.bins = transforms, bins

    def parts(self, columns):
        size = {"transforms": self.transforms, "bins": self.bins, "hidden_features": [self.width, self.width]}
        # Two passes: half of the numbers are drawn given the other half, so that drawing is as fast as the density.
        return {"flow": zuko.flows.NSF(columns, passes=2, randperm=True, **size)}

    def learn(self, numbers, settings):
        optimizer = torch.optim.Adam(self.net.parameters())
        for batch, weights in self.steps(numbers, settings, optimizer):
            optimizer.zero_grad()
            loss = -(weights * self.net["flow"]().log_prob(batch)).mean()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), 10.0)
            optimizer.step()

    def draw(self, n):
        return self.net["flow"]().sample((n,))

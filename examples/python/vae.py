"""A variational autoencoder (Kingma and Welling 2013, arXiv:1312.6114): a code of few numbers for each event, and a decoder that draws events
from codes, a Gaussian in each number with a width that is learned."""

import torch
from torch import nn

from network import Network, layers


class Decoder(nn.Module):
    def __init__(self, code, columns, width):
        super().__init__()
        self.mean, self.log_width = layers(code, columns, width), nn.Parameter(torch.full((columns,), -2.0))


class Vae(Network):
    def __init__(self, code=8, **common):
        super().__init__(**common)
        self.code = code

    def parts(self, columns):
        encoder = layers(columns, 2 * self.code, self.width)
        return {"encoder": encoder, "decoder": Decoder(self.code, columns, self.width)}

    def learn(self, numbers, settings):
        optimizer, decoder = torch.optim.Adam(self.net.parameters()), self.net["decoder"]
        for batch, weights in self.steps(numbers, settings, optimizer):
            mean, log_width = self.net["encoder"](batch).chunk(2, dim=1)
            code = mean + log_width.exp() * torch.randn_like(mean)
            apart = (batch - decoder.mean(code)) / decoder.log_width.exp()
            distance = (0.5 * apart.square() + decoder.log_width).sum(dim=1)
            # From the codes of one event to those of all: the Kullback-Leibler divergence of two Gaussians.
            divergence = (0.5 * (mean.square() + (2 * log_width).exp() - 1) - log_width).sum(dim=1)
            optimizer.zero_grad()
            (weights * (distance + divergence)).mean().backward()
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), 10.0)
            optimizer.step()

    def draw(self, n):
        decoder = self.net["decoder"]
        means = decoder.mean(torch.randn(n, self.code, device=self.device))
        return means + decoder.log_width.exp() * torch.randn_like(means)

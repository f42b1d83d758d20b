"""A generative adversarial network (Goodfellow et al. 2014, arXiv:1406.2661): a critic learns to tell true events from generated ones, the
generator to pass for true. The critic's slope at true events is held down (Mescheder et al. 2018, arXiv:1801.04406), which keeps the pair
from running in circles."""

import torch
from torch.nn.functional import softplus

from network import Network, layers


class Gan(Network):
    def __init__(self, noise=16, penalty=1.0, **common):
        super().__init__(**common)
        self.noise, self.penalty = noise, penalty

    def parts(self, columns):
        return {"generator": layers(self.noise, columns, self.width), "critic": layers(columns, 1, self.width)}

    def learn(self, numbers, settings):
        generator, critic = self.net["generator"], self.net["critic"]
        of_generator = torch.optim.Adam(generator.parameters(), betas=(0.0, 0.99))
        of_critic = torch.optim.Adam(critic.parameters(), betas=(0.0, 0.99))
        for batch, weights in self.steps(numbers, settings, of_generator, of_critic):
            batch.requires_grad_()
            true, false = critic(batch), critic(self.draw(len(batch)).detach())
            (slope,) = torch.autograd.grad(true.sum(), batch, create_graph=True)
            loss = (weights * softplus(-true)[:, 0]).mean() + softplus(false).mean()
            of_critic.zero_grad()
            (loss + 0.5 * self.penalty * slope.square().sum(dim=1).mean()).backward()
            of_critic.step()

            of_generator.zero_grad()
            softplus(-critic(self.draw(len(batch)))).mean().backward()
            of_generator.step()

    def draw(self, n):
        return self.net["generator"](torch.randn(n, self.noise, device=self.device))

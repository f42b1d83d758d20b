"""What the four networks of this folder have in common: the numbers that they learn, their steps, their state."""

import math
import torch
from torch import nn


def layers(inputs, outputs, width):
    """A small network of three hidden layers."""
    hidden = [part for n in (inputs, width, width) for part in (nn.Linear(n, width), nn.SiLU())]
    return nn.Sequential(*hidden, nn.Linear(width, outputs))


class Coordinates(nn.Module):
    """Events as numbers of mean 0 and width 1; before that, momenta (E, px, py, pz) become log pT, phi, eta and log(1 + m^2)."""
    def __init__(self, columns, momenta):
        super().__init__()
        self.momenta = momenta
        self.register_buffer("mean", torch.zeros(columns, dtype=torch.float64))
        self.register_buffer("width", torch.ones(columns, dtype=torch.float64))

    def learn(self, events):
        free = self.free(events)
        self.mean.copy_(free.mean(dim=0))
        self.width.copy_(free.std(dim=0, correction=0) + 1e-6)
        return ((free - self.mean) / self.width).float()

    def free(self, events):
        if not self.momenta:
            return events
        e, x, y, z = events.unflatten(1, (-1, 4)).unbind(2)
        pt, mass2 = torch.hypot(x, y), (e**2 - x**2 - y**2 - z**2).clamp(min=0)
        return torch.stack([pt.log(), torch.atan2(y, x), torch.asinh(z / pt), mass2.log1p()], dim=2).flatten(1)

    def events(self, numbers):
        free = numbers.double() * self.width + self.mean
        if not self.momenta:
            return free
        log_pt, phi, eta, mass2 = free.unflatten(1, (-1, 4)).unbind(2)
        pt, mass2 = log_pt.exp(), mass2.expm1().clamp(min=0)
        x, y, z = pt * phi.cos(), pt * phi.sin(), pt * eta.sinh()
        return torch.stack([(mass2 + x**2 + y**2 + z**2).sqrt(), x, y, z], dim=2).flatten(1)


class Network:
    """A generator. Each of the four brings `parts`, its networks; `learn`, its training; and `draw`, numbers of n events."""

    def __init__(self, width=64, momenta=False, device="cpu"):
        self.width, self.momenta, self.device = width, momenta, device

    def make(self, columns):
        coordinates = Coordinates(columns, self.momenta)
        self.net = nn.ModuleDict({"coordinates": coordinates, **self.parts(columns)}).to(self.device)

    def fit(self, events, rows, settings, seed, weights):
        torch.manual_seed(seed)
        self.make(events.shape[1])
        self.weights = torch.tensor(weights, dtype=torch.float32, device=self.device)
        self.learn(self.net["coordinates"].learn(torch.tensor(events, device=self.device)), settings)

    def steps(self, numbers, settings, *optimizers):
        """A random batch for each step, with its events' weights; learning rates fall to zero along a cosine."""
        total = settings["iterations"]
        for step in range(total):
            for group in (group for optimizer in optimizers for group in optimizer.param_groups):
                group["lr"] = settings["learning_rate"] * 0.5 * (1 + math.cos(math.pi * step / total))
            chosen = torch.randint(len(numbers), (settings["batch"],), device=self.device)
            yield numbers[chosen], self.weights[chosen]
            settings.progress(step + 1, total)

    @torch.no_grad()
    def sample(self, n, seed):
        torch.manual_seed(seed)
        return self.net["coordinates"].events(self.draw(n))

    def state(self):
        return self.net.state_dict()

    def load(self, state):
        self.make(len(state["coordinates.mean"]))
        self.net.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})

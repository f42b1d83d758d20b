"""Fig. 10's upper-left panel of Bahl et al. 2025 with PyTorch and SciPy, on two cores.

The same work as `amplicast run examples/paper/ring-2d-differential.toml` with the training events as reference: one training,
then for each member events with their densities, a classifier, and the Kolmogorov-Smirnov curves of three summaries.
`peers.py` starts it and takes its time, from start to end; the seconds of its parts go to the standard error.
"""

import math
import multiprocessing
import sys
import time

# First: it prepares the import of torch.
from peers import Autoregressive, descend, perceptron

import numpy as np
import torch
import torch.nn.functional as F
from scipy.stats import ks_2samp
from torch import nn

TRAINING, DIMENSION, CHECKPOINTS = 1000, 2, 20
# As in src/panel.rs.
MEMBERS, GENERATED = 4, 2_000_000
# Else the sampling gives the densities as well, which costs less.
DENSITIES_APART = "--densities-apart" in sys.argv
# The fastest attention and Adam for this training; from 2^12 to 2^16 events at a time sampling takes the same within 10 %.
ATTENTION_IS_FUSED, ADAM_IS_FUSED, EVENTS = False, True, 1 << 13


def truth(n):
    direction = torch.randn(n, DIMENSION, dtype=torch.float64)
    return direction / direction.norm(dim=1, keepdim=True) * (1 + 0.1 * torch.randn(n, 1, dtype=torch.float64))


def true_log_density(radius):
    z = (radius - 1) / 0.1
    return -0.5 * z * z - np.log(radius) - math.log(0.1 * math.sqrt(2 * math.pi) * 2 * math.pi)


# The generator and its posterior.


class Posterior:
    """A variational Gaussian posterior over all matrices of a network; everything else is trained to a point."""

    def __init__(self, network):
        self.network = network
        self.layers = [module for module in network.modules() if isinstance(module, nn.Linear)]
        weights = [layer.weight for layer in self.layers]
        self.shapes = [weight.shape for weight in weights]
        # One vector: a step then has a few calls for all matrices together.
        self.mean = nn.Parameter(torch.cat([weight.detach().flatten() for weight in weights]))
        self.log_sigma = nn.Parameter(torch.full_like(self.mean, -4.0))
        for layer in self.layers:
            del layer.weight
        self.points = list(network.parameters())

    def draw(self):
        """Gives the network the matrices of a draw."""
        theta = self.mean + self.log_sigma.exp() * torch.randn_like(self.mean)
        parts = theta.split([shape.numel() for shape in self.shapes])
        for layer, shape, part in zip(self.layers, self.shapes, parts):
            layer.weight = part.view(shape)

    def train(self, x, steps=6000, batch=200, warmup=100, rates=(2e-3, 4e-3), kl_weight=0.003):
        groups = [[*self.points, self.mean], [self.log_sigma]]
        optimizer = torch.optim.Adam([{"params": group} for group in groups], fused=ADAM_IS_FUSED)
        parameters = [*self.points, self.mean, self.log_sigma]
        n = used = len(x)
        for step in range(steps):
            if used + batch > n:
                order, used = torch.randperm(n), 0
            rows = order[used : used + batch]
            used += batch
            done = (step - warmup) / (steps - warmup)
            factor = (step + 1) / warmup if step < warmup else 0.5 * (1 + math.cos(math.pi * done))
            for group, rate in zip(optimizer.param_groups, rates):
                group["lr"] = rate * factor
            self.draw()
            loss = self.network.negative_log_likelihood(x[rows], self.network.head.weight)
            kl = 0.5 * ((2 * self.log_sigma).exp() + self.mean.square()).sum() - self.log_sigma.sum()
            descend(optimizer, loss + kl_weight * kl / n, parameters)
        with torch.no_grad():
            self.draw()


# The classifier, one for each member.


class Classifier:
    """Stops early, as amplicast's: a look at the validation loss every 50 steps, the end after 8 without a better one."""

    def __init__(self, true, generated):
        both = [torch.as_tensor(true), torch.as_tensor(generated)]
        moment = lambda f: sum(f(events).mean(0) for events in both) / 2
        self.mean = moment(lambda x: x)
        self.scale = moment(lambda x: (x - self.mean) ** 2).sqrt()
        self.network = perceptron(DIMENSION)
        self.train([self.standardized(events) for events in both])

    def standardized(self, events):
        return ((events - self.mean) / self.scale).float()

    def train(self, kinds, steps=2000, half=128, look_every=50, patience=8):
        kinds = [events[torch.randperm(len(events))] for events in kinds]
        validation = torch.cat([events[: len(events) // 4] for events in kinds])
        counts = [len(events) // 4 for events in kinds]
        kinds = [events[len(events) // 4 :] for events in kinds]
        labels = torch.cat([torch.zeros(half, 1), torch.ones(half, 1)])
        known = torch.cat([torch.full((n, 1), float(label)) for label, n in enumerate(counts)])
        weight = torch.cat([torch.full((n, 1), 0.5 / n) for n in counts])
        optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-3, fused=ADAM_IS_FUSED)
        parameters = list(self.network.parameters())
        best, kept, looks = math.inf, None, 0
        orders, used = [None, None], [len(events) for events in kinds]
        for step in range(1, steps + 1):
            batch = []
            for kind, events in enumerate(kinds):
                if used[kind] + half > len(events):
                    orders[kind], used[kind] = torch.randperm(len(events)), 0
                batch.append(events[orders[kind][used[kind] : used[kind] + half]])
                used[kind] += half
            # Amplicast's learning rate: 100 steps of warm-up, then a cosine.
            factor = step / 100 if step <= 100 else 0.5 * (1 + math.cos(math.pi * (step - 101) / (steps - 100)))
            optimizer.param_groups[0]["lr"] = 1e-3 * factor
            loss = F.binary_cross_entropy_with_logits(self.network(torch.cat(batch)), labels)
            descend(optimizer, loss, parameters)
            if step % look_every == 0:
                with torch.inference_mode():
                    found = F.binary_cross_entropy_with_logits(
                        self.network(validation), known, weight=weight, reduction="sum"
                    ).item()
                looks += 1
                if found < best:
                    best, kept, looks = found, [p.detach().clone() for p in parameters], 0
                elif looks == patience:
                    break
        with torch.no_grad():
            for parameter, value in zip(parameters, kept):
                parameter.copy_(value)
        self.steps = step

    @torch.inference_mode()
    def score(self, events):
        parts = [self.network(self.standardized(part)).squeeze(1) for part in events.split(EVENTS)]
        return torch.cat(parts).double().numpy()


# The panel.


def curve(reference, values, sizes):
    """KS distances of the first events to the reference; an asymptotic p-value costs nothing."""
    return [ks_2samp(reference, values[:size], method="asymp").statistic for size in sizes]


def member(index, posterior, training, standardization):
    """The curves of a member, the steps of its classifier, and the seconds of its parts."""
    torch.manual_seed(1000 + index)
    clock = [time.perf_counter()]
    lap = lambda: clock.append(time.perf_counter())
    shift, scale = standardization
    with torch.no_grad():
        posterior.draw()
    network = posterior.network

    def log_densities(standardized):
        return torch.cat([network.log_density(part) for part in standardized.split(EVENTS)])

    log_density = torch.zeros(GENERATED)
    standardized = network.sample(GENERATED, EVENTS, None if DENSITIES_APART else log_density)
    events = standardized * scale + shift
    lap()
    if DENSITIES_APART:
        log_density = log_densities(standardized)
    lap()
    # The classifier sees the first half of the training events, and scores the others.
    seen, unseen = training.split(TRAINING // 2)
    classifier = Classifier(seen, network.sample(10_000, EVENTS) * scale + shift)
    lap()
    scores = classifier.score(events), classifier.score(unseen)
    lap()
    radius, reference = events.norm(dim=1).numpy(), training.norm(dim=1).numpy()
    of_training = log_densities(((training - shift) / scale).float())
    jacobian = scale.log().sum().item()
    ratio = lambda log_density, r: log_density.double().numpy() - jacobian - true_log_density(r)
    ratios = ratio(log_density, radius), ratio(of_training, reference)
    # The truth's quantiles at 5 and 95 %.
    inside = lambda r: (r > 1 - 0.1 * 1.6448536269514722) & (r < 1 + 0.1 * 1.6448536269514722)
    passed, bulk = inside(radius), inside(reference)
    checkpoints = np.geomspace(100, GENERATED, CHECKPOINTS).round().astype(int)
    sizes = np.cumsum(passed)[checkpoints - 1]
    lap()
    pairs = {
        "radius": (reference[bulk], radius[passed]),
        "classifier-lr": (scores[1][bulk[TRAINING // 2 :]], scores[0][passed]),
        "true-lr": (ratios[1][bulk], ratios[0][passed]),
    }
    curves = {name: curve(of_truth, values, sizes) for name, (of_truth, values) in pairs.items()}
    lap()
    return curves, classifier.steps, np.diff(clock)


def main():
    torch.manual_seed(1)
    start = time.perf_counter()
    training = truth(TRAINING)
    shift, scale = training.mean(0), training.std(0)
    posterior = Posterior(Autoregressive(DIMENSION, fused_attention=ATTENTION_IS_FUSED))
    posterior.train(((training - shift) / scale).float())
    trained = time.perf_counter()
    work = [(index, posterior, training, (shift, scale)) for index in range(MEMBERS)]
    # A process a core, each with one thread.
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = pool.starmap(member, work, chunksize=1)
    parts = dict(zip(["sampling", "densities", "classifier", "scores", "ratios", "ks"], sum(f[2] for f in found)))
    say = ", ".join(f"{name} {seconds:.1f}" for name, seconds in parts.items())
    print(
        f"PyTorch and SciPy, {MEMBERS} x {GENERATED:.0e}: training {trained - start:.1f} s, members "
        f"{time.perf_counter() - trained:.1f} s on two cores (seconds of one: {say}); classifier "
        f"{np.mean([f[1] for f in found]):.0f} steps",
        file=sys.stderr,
    )
    for name in found[0][0]:
        print(f"KS distance, {name}: {np.mean([f[0][name][-1] for f in found]):.4f}", file=sys.stderr)


if __name__ == "__main__":
    main()

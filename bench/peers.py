"""The work of amplicast's benchmarks with NumPy, SciPy and PyTorch, on one core.

Reads the name of a work from each line of the standard input, does it once, and answers with a line of JSON: who did it, and
the seconds per unit (value, event, step). So the same work can be done in turn here and in amplicast, in the same state of
the machine. `cargo xtask bench --peers` starts it; with `--check` it only imports the packages.
"""

import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import time
from functools import partial

SORT = "import numpy as n, time as t; x = n.random.rand(10**6); n.sort(x); a = t.time(); n.sort(x); print(t.time() - a)"


def choose_sort():
    """Starts this program again with the faster of NumPy's sorts.

    The one of AVX-512 is several times slower than the one of AVX2 on some processors (Zen 4), and NumPy takes it all the same.
    """
    if "NPY_DISABLE_CPU_FEATURES" in os.environ:
        return
    found = []
    for disabled in ("", "AVX512_SPR AVX512_ICL X86_V4 AVX512_SKX"):
        environment = os.environ | {"NPY_DISABLE_CPU_FEATURES": disabled, "PYTHONWARNINGS": "ignore"}
        sort = subprocess.run([sys.executable, "-c", SORT], env=environment, capture_output=True, text=True)
        if sort.returncode == 0:
            found.append((float(sort.stdout), environment))
    os.execve(sys.executable, [sys.executable, *sys.argv], min(found, key=lambda one: one[0])[1])


if __name__ == "__main__":
    choose_sort()

# PyTorch's wheel for CUDA is used without CUDA: the libraries it names are empty, so nothing of them may be bound early.
sys.setdlopenflags(os.RTLD_LAZY)

import numpy as np
import scipy
import scipy.stats
import torch
import torch.nn.functional as F
from torch import nn

import flow

torch.set_num_threads(1)
torch.manual_seed(1)


def fastest(variants, repetitions=5):
    """The (name, units, work) that takes least per unit."""

    def seconds(variant):
        variant[2]()
        times = []
        for _ in range(repetitions):
            start = time.perf_counter()
            variant[2]()
            times.append(time.perf_counter() - start)
        return np.median(times) / variant[1]

    return min(variants, key=seconds)


# The KS curve: 20 sizes from 100 to 1e7, against a reference of 1000.


random = np.random.default_rng(1)
SIZES = np.geomspace(100, 10_000_000, 20).round().astype(int)
SORTED_WITH = ", without AVX-512" if os.environ.get("NPY_DISABLE_CPU_FEATURES") else ""


def samples():
    return 1 + 0.1 * random.standard_normal(1000), 1 + 0.1 * random.standard_normal(SIZES[-1])


def sorted_prefixes():
    reference, values = samples()
    ordered, m = np.sort(reference), len(reference)
    steps = np.arange(m) / m

    def curve():
        distances = []
        for n in SIZES:
            below = np.searchsorted(np.sort(values[:n]), ordered) / n
            distances.append(max(np.abs(below - steps).max(), np.abs(below - steps - 1 / m).max()))
        return distances

    return f"NumPy {np.__version__} sorted prefixes{SORTED_WITH}", len(values), curve


def two_samples():
    reference, values = samples()

    def curve():
        # The asymptotic p-value, which costs nothing: the exact one of small samples is not asked for.
        return [scipy.stats.ks_2samp(reference, values[:n], method="asymp").statistic for n in SIZES]

    return f"SciPy {scipy.__version__} ks_2samp{SORTED_WITH}", len(values), curve


# The autoregressive network: pre-layer-norm, 2 blocks, width 32, 4 heads, MLP x2 with tanh-GELU, 20 Gaussians.

WIDTH, HEADS, BLOCKS, FACTOR, COMPONENTS, FLOOR = 32, 4, 2, 2, 20, 0.01


class Block(nn.Module):
    def __init__(self, fused_attention):
        super().__init__()
        self.fused_attention = fused_attention
        self.attention_norm, self.mlp_norm = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, FACTOR * WIDTH), nn.Linear(FACTOR * WIDTH, WIDTH)

    def mlp(self, x):
        return x + self.down(F.gelu(self.up(self.mlp_norm(x)), approximate="tanh"))

    def forward(self, x):
        n, d, _ = x.shape
        qkv = self.qkv(self.attention_norm(x)).view(n, d, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        query, key, value = qkv.unbind(0)
        if self.fused_attention:
            attended = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        else:
            scores = query @ key.transpose(2, 3) * (WIDTH // HEADS) ** -0.5
            hidden = torch.ones(d, d, dtype=torch.bool).triu(1)
            attended = scores.masked_fill(hidden, -torch.inf).softmax(-1) @ value
        return self.mlp(x + self.out(attended.transpose(1, 2).reshape(n, d, WIDTH)))

    def step(self, x, keys, values, position):
        """One token of each event (n x width); its key and value join the cache (n x heads x position x size)."""
        n = x.shape[0]
        query, key, value = self.qkv(self.attention_norm(x)).view(n, 3, HEADS, WIDTH // HEADS).unbind(1)
        keys[:, :, position], values[:, :, position] = key, value
        seen = slice(0, position + 1)
        # Products of batches of small matrices: here faster than sums of products, and than PyTorch's own attention.
        scores = query.unsqueeze(2) @ keys[:, :, seen].transpose(2, 3) * (WIDTH // HEADS) ** -0.5
        attended = scores.softmax(-1) @ values[:, :, seen]
        return self.mlp(x + self.out(attended.reshape(n, WIDTH)))


def log_mixture(x, logits, mean, sigma):
    z = (x - mean) / sigma
    terms = logits - sigma.log() - 0.5 * z * z
    return terms.logsumexp(-1) - logits.logsumexp(-1) - 0.5 * np.log(2 * np.pi)


class Autoregressive(nn.Module):
    def __init__(self, dimension, fused_attention=True):
        super().__init__()
        self.dimension = dimension
        self.embed = nn.Linear(1, WIDTH)
        self.position = nn.Parameter(2 * torch.rand(dimension, WIDTH) - 1)
        self.blocks = nn.ModuleList(Block(fused_attention) for _ in range(BLOCKS))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 3 * COMPONENTS)
        with torch.no_grad():
            self.head.bias.zero_()
            self.head.bias[COMPONENTS : 2 * COMPONENTS] = torch.linspace(-1.7, 1.7, COMPONENTS)

    def negative_log_likelihood(self, x, head_weight):
        return -self.log_probability(x, head_weight).mean()

    def log_probability(self, x, head_weight):
        inputs = F.pad(x[:, :-1], (1, 0)).unsqueeze(-1)
        h = self.embed(inputs) + self.position
        for block in self.blocks:
            h = block(h)
        logits, mean, log_sigma = F.linear(self.norm(h), head_weight, self.head.bias).split(COMPONENTS, -1)
        return log_mixture(x.unsqueeze(-1), logits, mean, log_sigma.exp() + FLOOR).sum(-1)

    @torch.inference_mode()
    def log_density(self, x):
        return self.log_probability(x, self.head.weight)

    @torch.inference_mode()
    def sample(self, n, batch, log_density=None):
        """Events; their log densities are added to `log_density`, if given: everything they need is at hand."""
        out = torch.empty(n, self.dimension)
        size = (BLOCKS, batch, HEADS, self.dimension, WIDTH // HEADS)
        keys, values = torch.empty(size), torch.empty(size)
        for first in range(0, n, batch):
            count = min(batch, n - first)
            x = torch.zeros(1, 1)
            for position in range(self.dimension):
                # The start token is the same in all events: it is computed once, and its key and value are broadcast.
                k, v = (keys[:, :1], values[:, :1]) if position == 0 else (keys[:, :count], values[:, :count])
                h = self.embed(x) + self.position[position]
                for block, key, value in zip(self.blocks, k, v):
                    h = block.step(h, key, value, position)
                if position == 0:
                    keys[:, 1:, :, 0], values[:, 1:, :, 0] = keys[:, :1, :, 0], values[:, :1, :, 0]
                logits, mean, log_sigma = self.head(self.norm(h)).split(COMPONENTS, -1)
                sums = logits.softmax(-1).cumsum(-1).expand(count, -1).contiguous()
                # Faster than multinomial.
                chosen = torch.searchsorted(sums, torch.rand(count, 1)).clamp_max_(COMPONENTS - 1)
                sigma = log_sigma.exp() + FLOOR
                drawn = sigma.expand(count, -1).gather(1, chosen) * torch.randn(count, 1)
                x = mean.expand(count, -1).gather(1, chosen) + drawn
                if log_density is not None:
                    log_density[first : first + count] += log_mixture(x, logits, mean, sigma)
                out[first : first + count, position : position + 1] = x
        return out


def ring(n, dimension):
    direction = torch.randn(n, dimension)
    events = direction / direction.norm(dim=1, keepdim=True) * (1 + 0.1 * torch.randn(n, 1))
    return (events - events.mean(0)) / events.std(0)


def sampling(dimension):
    """With the batch that suits PyTorch best."""
    network, n = Autoregressive(dimension), 1 << 16
    how = f"PyTorch {torch.__version__}, key/value cache"

    def variant(batch):
        return f"{how}, batch {batch}", n, lambda: network.sample(n, batch)

    return fastest([variant(1 << k) for k in range(9, 17)])


def density(dimension):
    """With the batch and the way to attention that suit PyTorch best."""
    x, variants = ring(1 << 15, dimension), []
    for attention in ("fused", "plain"):
        network = Autoregressive(dimension, fused_attention=attention == "fused")
        for k in range(8, 14):
            name = f"PyTorch {torch.__version__}, {attention} attention, batch {1 << k}"

            def run(network=network, batch=1 << k):
                for part in x.split(batch):
                    network.log_density(part)

            variants.append((name, len(x), run))
    return fastest(variants, 3)


def perceptron(dimension):
    """The classifier: two hidden layers of 64."""
    gelu = nn.GELU(approximate="tanh")
    return nn.Sequential(nn.Linear(dimension, 64), gelu, nn.Linear(64, 64), gelu, nn.Linear(64, 1))


def descend(optimizer, loss, parameters):
    """A step with the gradient clipped."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(parameters, 10.0)
    optimizer.step()


def classifier():
    """Steps of a classifier with two hidden layers of 64, batch 256; with the Adam that suits PyTorch best."""
    x, steps, variants = torch.randn(20_000, 2), 100, []
    labels = torch.cat([torch.zeros(128, 1), torch.ones(128, 1)])
    for adam, options in {"": {}, "fused ": {"fused": True}}.items():
        network = perceptron(2)
        optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, **options)

        def run(network=network, optimizer=optimizer):
            order = torch.randperm(len(x))
            for step in range(steps):
                start = 128 * (step % 78)
                rows = torch.cat([order[start : start + 128], order[10_000 + start : 10_128 + start]])
                loss = F.binary_cross_entropy_with_logits(network(x[rows]), labels)
                descend(optimizer, loss, network.parameters())

        variants.append((f"PyTorch {torch.__version__} eager, {adam}Adam", steps, run))
    return fastest(variants)


def variational_steps(network, x, optimizer_options, steps):
    """Steps of a variational posterior over the head's matrix; everything else is trained to a point."""
    log_sigma = nn.Parameter(torch.full_like(network.head.weight, -2.0))
    rates = [2e-3, 4e-3]
    parameters = list(network.parameters())
    groups = [{"params": parameters, "lr": rates[0]}, {"params": [log_sigma], "lr": rates[1]}]
    optimizer = torch.optim.Adam(groups, **optimizer_options)
    n, batch = len(x), 200

    def run():
        order, used = torch.randperm(n), 0
        for step in range(steps):
            if used + batch > n:
                order, used = torch.randperm(n), 0
            rows = order[used : used + batch]
            used += batch
            for group, rate in zip(optimizer.param_groups, rates):
                group["lr"] = rate * (step + 1) / steps
            mu, sigma = network.head.weight, log_sigma.exp()
            loss = network.negative_log_likelihood(x[rows], mu + sigma * torch.randn_like(mu))
            kl = (0.5 * (sigma.square() + mu.square() - 1) - log_sigma).sum()
            descend(optimizer, loss + kl / n, [*parameters, log_sigma])

    return run


def training(dimension):
    """With the way to attention and to Adam that suits PyTorch best."""
    x, steps, variants = ring(1000, dimension), 50, []
    for attention in ("fused", "plain"):
        for adam, options in {"": {}, "fused ": {"fused": True}}.items():
            name = f"PyTorch {torch.__version__} eager, {attention} attention, {adam}Adam"
            network = Autoregressive(dimension, fused_attention=attention == "fused")
            variants.append((name, steps, variational_steps(network, x, options, steps)))
    return fastest(variants)


def panel(*options):
    """The panel of Fig. 10 as a process of its own, with NumPy's faster sort."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "panel.py")
    densities = "with densities" if not options else "densities afterwards"
    name = f"PyTorch {torch.__version__}, {densities}, and SciPy {scipy.__version__}, two processes"
    return name, 1, lambda: subprocess.run([sys.executable, script, *options], check=True)


def of_files(folder, summary, regions):
    """Fractions in regions and the KS distance of each file of a folder from the training events, as a script takes them."""
    folder = pathlib.Path(folder)
    members = sorted(folder.glob("gen_*.npy"))

    def run():
        reference = np.sort(summary(np.load(folder / "train.npy", mmap_mode="r")))
        steps = np.arange(len(reference)) / len(reference)
        for member in members:
            x = summary(np.load(member, mmap_mode="r"))
            [np.mean((x >= low) & (x < high)) for low, high in regions]
            # A sort and a search, which are faster than scipy.stats.ks_2samp: see the rows of the KS curve.
            below = np.searchsorted(np.sort(x), reference) / len(x)
            max(np.abs(below - steps).max(), np.abs(below - steps - 1 / len(reference)).max())

    return f"NumPy {np.__version__}, memory-mapped{SORTED_WITH}", 1, run


def mass(events):
    """The invariant mass of all particles: events x (particles x (E, px, py, pz))."""
    energy, *momentum = events.reshape(len(events), -1, 4).sum(axis=1, dtype=np.float64).T
    return np.sqrt(np.maximum(energy**2 - sum(p**2 for p in momentum), 0))


def lhe(path):
    """All events of a file of Les Houches events, the b quarks of each."""
    import pylhe

    def run():
        found = []
        for event in pylhe.LHEFile.fromfile(path, with_attributes=False).events:
            found.append([(p.e, p.px, p.py, p.pz) for kind in (5, -5) for p in event.particles if p.id == kind])
        np.array(found)

    return f"pylhe {importlib.metadata.version('pylhe')}", len_of(path, "<event>"), run


def hepmc(path):
    """The same of HepMC3."""
    import pyhepmc

    def run():
        found = []
        with pyhepmc.open(path) as events:
            for event in events:
                # Views of NumPy, which are faster than its particles one by one.
                view = event.numpy.particles
                found.append([(view.e[view.pid == kind][0], view.px[view.pid == kind][0], view.py[view.pid == kind][0],
                               view.pz[view.pid == kind][0]) for kind in (5, -5)])
        np.array(found)

    return f"pyhepmc {importlib.metadata.version('pyhepmc')}", len_of(path, "E "), run


def len_of(path, start):
    """Events of a file, by how their first line begins."""
    with open(path) as lines:
        return sum(line.startswith(start) for line in lines)


WORKS = {
    "ks-numpy": sorted_prefixes,
    "ks-scipy": two_samples,
    "sampling-2": lambda: sampling(2),
    "sampling-4": lambda: sampling(4),
    "density-2": lambda: density(2),
    "density-4": lambda: density(4),
    "classifier": classifier,
    **{f"{generator}-step": partial(flow.training, generator) for generator in flow.NETWORKS},
    **{f"{generator}-call": partial(flow.sampling, generator) for generator in flow.NETWORKS},
    "column": lambda folder: of_files(folder, lambda events: events[:, 0], [(0.2, 0.4)]),
    "masses": lambda folder: of_files(folder, mass, [(200, 250), (250, 300)]),
    "lhe": lhe,
    "hepmc": hepmc,
    "panel": panel,
    "panel-apart": lambda: panel("--densities-apart"),
    "step-2": lambda: training(2),
    "step-4": lambda: training(4),
}


def main():
    assert torch.ones(3).sum().item() == 3
    if "--check" in sys.argv:
        return
    prepared = {}
    for line in sys.stdin:
        key = line.strip()
        if key not in prepared:
            # A work may be about a file, `lhe:events.lhe`.
            work, *path = key.split(":", 1)
            prepared = {key: WORKS[work](*path)}
        name, units, work = prepared[key]
        start = time.perf_counter()
        work()
        seconds = (time.perf_counter() - start) / units
        print(json.dumps({"name": name, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()

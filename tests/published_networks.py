"""What the published networks give with stated parameters, in the order of ours: `cargo xtask published`.

Writes `plugins/flow-matching-torch/src/published/NAME.json`, which a test of the flow-matching-torch plugin compares with our networks, and
fails if one of the numbers that are there is another: so both agree with the packages that are installed. Everything is in
double precision.
"""

import json
import os
import sys
from pathlib import Path

sys.setdlopenflags(os.RTLD_LAZY)
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))

import torch

import published

FOLDER = ROOT / "plugins/flow-matching-torch/src/published"
# Largest difference of a number, relative to the largest one of its list: another machine rounds otherwise.
TOLERANCE = 1e-9
EVENTS, PARTICLES, SCALARS = 3, 3, 11
HEADS = 2


def heads_first(weight, heads=HEADS):
    """From rows (query, key, value) x hidden x heads to rows (query, key, value) x heads x hidden."""
    return weight.unflatten(0, (3, -1, heads)).transpose(1, 2).flatten(0, 2)


def lgatr_linear(layer, order=lambda weight: weight):
    """An EquiLinear's ten maps as ours on scalar and pseudoscalar, vectors, and bivectors."""
    w = order(layer.weight)
    outputs, inputs, _ = w.shape
    pairs = lambda rows: torch.stack([torch.stack(row, -1) for row in rows], 1).flatten(0, 1).flatten(1)
    w = w.unbind(-1)
    invariant = pairs([(w[0], -w[9]), (w[5], w[4])])
    from_scalars = order(layer.s2mvs.weight.unflatten(0, (outputs, 2))).flatten(0, 1)
    bias = order(layer.s2mvs.bias.unflatten(0, (outputs, 2))).flatten(0, 1)
    invariant = torch.cat([invariant, from_scalars], 1)
    if layer.mvs2s is not None:
        numbers = torch.cat([order(layer.mvs2s.weight), order(layer.s2s.weight)], 1)
        invariant, bias = torch.cat([invariant, numbers]), torch.cat([bias, order(layer.mvs2s.bias)])
    vector = pairs([(w[1], w[8]), (-w[6], w[3])])
    return [invariant, bias, vector, torch.stack([w[2], w[7]], -1)]


def lgatr_parts(network):
    net = network.net
    parts = lgatr_linear(net.linear_in)
    for block in net.blocks:
        parts += lgatr_linear(block.attention.qkv_module.in_linear, heads_first)
        parts += lgatr_linear(block.attention.out_linear)
        product, _, down = block.mlp.layers
        for layer in (product.linear_left, product.linear_right, product.linear_out, down):
            parts += lgatr_linear(layer)
    return parts + lgatr_linear(net.linear_out)


def slim_linear(layer, order=lambda weight: weight):
    return [order(layer.weight_v), order(layer.linear_s.weight), order(layer.linear_s.bias)]


def slim_parts(network):
    net = network.net
    parts = slim_linear(net.linear_in)
    for block in net.blocks:
        parts += slim_linear(block.attention.linear_in, heads_first) + slim_linear(block.attention.linear_out)
        gates, down = block.mlp.layers
        parts += slim_linear(gates.linear) + slim_linear(down)
    return parts + slim_linear(net.linear_out)


def linear(layer, order=lambda weight: weight):
    return [order(layer.weight), order(layer.bias)]


def lloca_parts(network):
    layers = [layer for layer in network.frames.equivectors.modules() if isinstance(layer, torch.nn.Linear)]
    parts = [part for layer in layers for part in linear(layer)] + linear(network.net.linear_in)
    for block in network.net.blocks:
        parts += linear(block.attention.qkv_linear.linear, heads_first) + linear(block.attention.out_linear)
        parts += linear(block.mlp[0]) + linear(block.mlp[3])
    return parts + linear(network.net.linear_out)


NETWORKS = {
    "lgatr": (lambda: published.Lgatr(SCALARS, multivectors=4, hidden=6, heads=HEADS, blocks=2), lgatr_parts),
    "slim": (lambda: published.Slim(SCALARS, vectors=4, hidden=6, heads=HEADS, blocks=2), slim_parts),
    "lloca": (lambda: published.Lloca(SCALARS, heads=HEADS, blocks=2, width=8, pairs=(0.5, 1.2)), lloca_parts),
}


def answers(make, parts):
    """Parameters drawn at random, inputs, and outputs."""
    network = make()
    with torch.no_grad():
        for parameter in network.parameters():
            # Few digits make a small file.
            parameter.normal_(0, 500 / parameter.shape[-1] ** 0.5).round_().div_(1000)
        momentum = torch.randn(EVENTS, PARTICLES, 3)
        mass = torch.randn(EVENTS, PARTICLES, 1).exp()
        momenta = torch.cat([(momentum.square().sum(-1, keepdim=True) + mass**2).sqrt(), momentum], -1)
        scalars = torch.randn(EVENTS, PARTICLES, SCALARS)
        vector, numbers = network(momenta, scalars)
        parameters = torch.cat([part.flatten() for part in parts(network)])
    lists = {"parameters": parameters, "momenta": momenta, "scalars": scalars, "vector": vector, "numbers": numbers}
    return {name: numbers.flatten().tolist() for name, numbers in lists.items()}


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    wrong = []
    for seed, (network, how) in enumerate(NETWORKS.items()):
        torch.manual_seed(seed)
        found = answers(*how)
        file = FOLDER / f"{network}.json"
        if not file.exists():
            file.write_text(json.dumps(found) + "\n")
            print(f"{network}: written")
            continue
        stored = json.loads(file.read_text())
        for name, numbers in found.items():
            largest = max(map(abs, numbers))
            off = max(abs(a - b) for a, b in zip(numbers, stored[name], strict=True)) / largest
            print(f"{network}, {name}: {len(numbers)} numbers, off by {off:.1e}")
            if off > TOLERANCE:
                wrong.append(f"{network}, {name}")
    if wrong:
        raise SystemExit(f"error: other numbers than those that are stored: {'; '.join(wrong)}")


if __name__ == "__main__":
    main()

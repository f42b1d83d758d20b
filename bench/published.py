"""The published equivariant networks, from PyPI: lgatr 1.3.0, lloca 1.3.5, and L-GATr-slim of lgatr 1.4.4.

They get what ours get: momenta in units of 206.6 GeV (events x particles x 4), references (3 x 4) and scalars of each particle,
and give a four-vector and two scalars for each.
"""

import os
import sys

import torch
from torch import nn

UNIT = 206.6
PT_MIN = 22.0 / UNIT
OFFSET = 1e-5
REFERENCES = [[1.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, -1.0], [1.0, 0.0, 0.0, 0.0]]


def with_references(momenta):
    """Events x particles x 4 vectors x 4."""
    references = torch.tensor(REFERENCES, dtype=momenta.dtype).expand(*momenta.shape[:2], 3, 4)
    return torch.cat([momenta[..., None, :], references], 2)


class Lgatr(nn.Module):
    def __init__(self, scalars, multivectors=16, hidden=32, heads=8, blocks=6):
        super().__init__()
        from lgatr import LGATr

        self.net = LGATr(
            num_blocks=blocks,
            in_mv_channels=4,
            out_mv_channels=1,
            hidden_mv_channels=multivectors,
            in_s_channels=scalars,
            out_s_channels=2,
            hidden_s_channels=hidden,
            attention={"num_heads": heads, "increase_hidden_channels": 2},
            mlp={"increase_hidden_channels": 2},
        )

    def forward(self, momenta, scalars):
        from lgatr import embed_vector, extract_vector

        vectors, numbers = self.net(embed_vector(with_references(momenta).to(scalars.dtype)), scalars=scalars)
        return extract_vector(vectors)[..., 0, :], numbers


class Slim(nn.Module):
    def __init__(self, scalars, vectors=16, hidden=32, heads=8, blocks=6):
        super().__init__()
        self.net = slim()(
            in_v_channels=4,
            out_v_channels=1,
            hidden_v_channels=vectors,
            in_s_channels=scalars,
            out_s_channels=2,
            hidden_s_channels=hidden,
            num_blocks=blocks,
            num_heads=heads,
        )

    def forward(self, momenta, scalars):
        vectors, numbers = self.net(with_references(momenta).to(scalars.dtype), scalars)
        return vectors[..., 0, :], numbers


def slim():
    """L-GATr-slim's class: a later lgatr, in a folder of its own, beside the one that is imported by its name."""
    ours = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "lgatr"}
    sys.path.insert(0, os.path.join(sys.prefix, "slim"))
    try:
        from lgatr.nets.lgatr_slim import LGATrSlim
    finally:
        sys.path.pop(0)
        for name in [name for name in sys.modules if name.split(".")[0] == "lgatr"]:
            del sys.modules[name]
        sys.modules.update(ours)
    return LGATrSlim


class Lloca(nn.Module):
    """Frames of momenta and references together, then a transformer over the particles in their own frames."""

    def __init__(self, scalars, heads=8, blocks=6, width=128, pairs=(0.0, 1.0)):
        super().__init__()
        from lloca.backbone.transformer import Transformer
        from lloca.equivectors.mlp import MLPVectors
        from lloca.framesnet.equi_frames import LearnedPDFrames

        def vectors(n_vectors):
            return MLPVectors(n_vectors, num_scalars=scalars, hidden_channels=width, num_layers_mlp=2)

        self.frames = LearnedPDFrames(vectors)
        block = self.frames.equivectors.block
        block.edge_mean, block.edge_std = (torch.tensor(x, dtype=torch.float64) for x in pairs)
        block.edge_inited.fill_(True)
        self.net = Transformer(4 + scalars, "5x0n+2x1n", 6, blocks, heads, mlp_factor=2)

    def forward(self, momenta, scalars):
        events = len(momenta)
        references = torch.tensor(REFERENCES, dtype=momenta.dtype).expand(events, 3, 4)
        nothing = torch.zeros(events, 3, scalars.shape[-1], dtype=scalars.dtype)
        frames = self.frames(torch.cat([references, momenta], 1), torch.cat([nothing, scalars], 1))
        frames = type(frames)(frames.matrices[:, 3:])
        local = coordinates((frames.matrices @ momenta[..., None])[..., 0])
        single = type(frames)(frames.matrices.to(scalars.dtype))
        out = self.net(torch.cat([local.to(scalars.dtype), scalars], -1), single)
        vector = (frames.inv @ out[..., :4, None].to(momenta.dtype))[..., 0]
        return vector, out[..., 4:]


def coordinates(p):
    """log(pT - pT_min), phi, eta and log m^2 of momenta, not standardized."""
    energy, px, py, pz = p.unbind(-1)
    pt = (px**2 + py**2).sqrt()
    eta = torch.asinh(pz / pt).clamp(-5, 5)
    mass = (energy**2 - pt**2 - pz**2).abs()
    epsilon = OFFSET + torch.finfo(p.dtype).eps
    return torch.stack([((pt - PT_MIN).clamp(min=0) + epsilon).log(), torch.atan2(py, px), eta, (mass + epsilon).log()], -1)

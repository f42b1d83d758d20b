"""Flows of published libraries as modules that `traced.save` takes: from noise to events, and from events to log densities.

Each function gives both, and the shape of the noise. A network of yours takes the place of the one that is made here.
"""

import math

import torch
from torch import nn


class Call(nn.Module):
    """A function of a network, and of one tensor or two, as a module, so that the network's weights go into the trace."""

    def __init__(self, network, function):
        super().__init__()
        self.network, self.function = network, function

    def forward(self, *tensors):
        return self.function(self.network, *tensors)


def normal(z):
    """The log density of normal numbers."""
    return -0.5 * (z * z).sum(-1) - 0.5 * z.shape[-1] * math.log(2 * math.pi)


def zuko_spline(d=3):
    import zuko

    flow = zuko.flows.NSF(d, transforms=2, hidden_features=(32, 32))
    return Call(flow, lambda f, z: f().transform.inv(z)), Call(flow, lambda f, x: f().log_prob(x)), (d,)


def nflows_spline(d=3):
    from nflows import distributions, flows, transforms

    layer = transforms.MaskedPiecewiseRationalQuadraticAutoregressiveTransform
    layers = [layer(d, 32, num_bins=8, tails="linear", tail_bound=5.0) for _ in range(2)]
    flow = flows.Flow(transforms.CompositeTransform(layers), distributions.StandardNormal([d]))
    return Call(flow, lambda f, z: f._transform.inverse(z)[0]), Call(flow, lambda f, x: f.log_prob(x)), (d,)


def normflows_spline(d=3):
    import normflows

    layers = []
    for _ in range(2):
        layers += [normflows.flows.AutoregressiveRationalQuadraticSpline(d, 2, 32), normflows.flows.LULinearPermute(d)]
    flow = normflows.NormalizingFlow(normflows.distributions.DiagGaussian(d, trainable=False), layers)

    def events(f, z):
        for layer in f.flows:
            z = layer(z)[0]
        return z

    def density(f, x):
        # `log_prob` begins with zeros, as many as there were events in the trace.
        volume = torch.zeros_like(x[:, 0])
        for layer in reversed(f.flows):
            x, one = layer.inverse(x)
            volume = volume + one
        return volume + normal(x)

    return Call(flow, events), Call(flow, density), (d,)


def freia_coupling(d=4):
    from FrEIA import framework, modules

    def subnet(inputs, outputs):
        return nn.Sequential(nn.Linear(inputs, 32), nn.ReLU(), nn.Linear(32, outputs))

    flow = framework.SequenceINN(d)
    for _ in range(3):
        flow.append(modules.AllInOneBlock, subnet_constructor=subnet)

    def density(f, x):
        z, volume = f(x)
        return normal(z) + volume

    return Call(flow, lambda f, z: f(z, rev=True)[0]), Call(flow, density), (d,)


class Steps(nn.Module):
    """Flow matching: a velocity followed from noise to events, in steps of one size. It has no density here."""

    def __init__(self, velocity, particles, steps=4):
        super().__init__()
        self.velocity, self.steps = velocity, steps
        self.register_buffer("identity", torch.eye(particles))

    def forward(self, x):
        for step in range(self.steps):
            time = torch.full_like(x[..., :1], step / self.steps)
            scalars = torch.cat([self.identity + torch.zeros_like(x[..., :1]), time], -1)
            x = x + self.velocity(x, scalars) / self.steps
        return x


def lgatr_flow(particles=3):
    import lgatr

    network = lgatr.LGATr(
        num_blocks=1,
        in_mv_channels=1,
        out_mv_channels=1,
        hidden_mv_channels=4,
        in_s_channels=particles + 1,
        out_s_channels=0,
        hidden_s_channels=8,
        attention={"num_heads": 2},
        mlp={},
        # The sparse product is of a kind of operation that a trace does not hold.
        primitives={"sparse_gp": False},
    )

    def velocity(f, x, scalars):
        vectors, _ = f(lgatr.embed_vector(x.unsqueeze(-2)), scalars)
        return lgatr.extract_vector(vectors).squeeze(-2)

    return Steps(Call(network, velocity), particles), None, (particles, 4)


def lgatr_slim_flow(particles=3):
    import lgatr

    network = lgatr.LGATrSlim(
        in_v_channels=1,
        out_v_channels=1,
        hidden_v_channels=4,
        in_s_channels=particles + 1,
        out_s_channels=1,
        hidden_s_channels=8,
        num_blocks=1,
        num_heads=2,
    )
    velocity = Call(network, lambda f, x, scalars: f(x.unsqueeze(-2), scalars)[0].squeeze(-2))
    return Steps(velocity, particles), None, (particles, 4)


def lloca_flow(particles=3):
    from lloca.backbone.transformer import Transformer
    from lloca.equivectors.mlp import MLPVectors
    from lloca.framesnet.equi_frames import LearnedPDFrames

    scalars = particles + 1

    def vectors(n_vectors):
        return MLPVectors(n_vectors, num_scalars=scalars, hidden_channels=16, num_layers_mlp=1)

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.frames = LearnedPDFrames(vectors)
            # A network that was trained knows the spread of its pairs.
            self.frames.equivectors.block.edge_inited.fill_(True)
            self.transformer = Transformer(4 + scalars, "4x0n+1x1n", 4, num_blocks=1, num_heads=2)

        def forward(self, x, scalars):
            # Frames are those of momenta: the energy is that of a particle of mass 1.
            space = x[..., 1:]
            momenta = torch.cat([(1 + (space * space).sum(-1, keepdim=True)).sqrt(), space], -1)
            frames = self.frames(momenta, scalars)
            local = (frames.matrices @ momenta.unsqueeze(-1)).squeeze(-1)
            # The sum of the event is the reference of the attention's scale.
            out = self.transformer(torch.cat([local, scalars], -1), frames, p_ref=momenta.sum(-2))
            return (frames.inv @ out.unsqueeze(-1)).squeeze(-1)

    return Steps(Network(), particles), None, (particles, 4)


FLOWS = {
    "zuko": zuko_spline,
    "nflows": nflows_spline,
    "normflows": normflows_spline,
    "FrEIA": freia_coupling,
    "lgatr": lgatr_flow,
    "lgatr-slim": lgatr_slim_flow,
    "lloca": lloca_flow,
}

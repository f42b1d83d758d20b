"""A trained flow of any library as a member for the generator `torchscript`.

What most libraries build cannot be scripted, but the way from noise to events can be traced. `save` traces it, and the density if there is one,
and scripts a small module round them that draws the noise.
"""

import warnings
from typing import List

import torch


class Member(torch.nn.Module):
    """What amplicast calls: `sample`, and `log_density`."""

    shape: List[int]

    def __init__(self, events, shape):
        super().__init__()
        self.events, self.shape = events, shape

    @torch.jit.export
    def sample(self, n: int, seed: int) -> torch.Tensor:
        return self.events(torch.randn([n] + self.shape))


class MemberWithDensity(Member):
    def __init__(self, events, density, shape):
        super().__init__(events, shape)
        self.density = density

    @torch.jit.export
    def log_density(self, events: torch.Tensor) -> torch.Tensor:
        # amplicast asks in double precision.
        return self.density(events.to(torch.float32))


def save(path, events, density=None, shape=(1,), examples=7):
    """Writes a member.

    events: a module from normal numbers (n x shape) to events; density: a module from events (n x d) to n natural logarithms.
    """
    # Neither 1 nor 2: such numbers of events are easily taken for constants.
    noise = torch.randn([examples, *shape])
    with torch.no_grad(), warnings.catch_warnings():
        # Each comparison in Python is one; `agrees` says whether it mattered.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        # The first call of some networks makes tables, which do not belong into a trace.
        made = events(noise)
        traced = torch.jit.trace(events, noise, check_trace=False)
        if density is None:
            member = Member(traced, list(shape))
        else:
            density(made.flatten(1))
            member = MemberWithDensity(traced, torch.jit.trace(density, made.flatten(1), check_trace=False), list(shape))
    torch.jit.save(torch.jit.script(member.eval()), path)


def agrees(path, events, density=None, shape=(1,), numbers=(1, 2, 3, 1000)):
    """The largest differences between a saved member and the network: of events, and of log densities."""
    member, worst = torch.jit.load(path), [0.0, 0.0]
    for n in numbers:
        torch.manual_seed(n)
        found = member.sample(n, 0)
        torch.manual_seed(n)
        with torch.no_grad():
            wanted = events(torch.randn([n, *shape]))
            worst[0] = max(worst[0], (found - wanted).abs().max().item())
            if density is not None:
                flat = wanted.flatten(1)
                found = member.log_density(flat.double())
                worst[1] = max(worst[1], (found - density(flat)).abs().max().item())
    return worst

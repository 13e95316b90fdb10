"""The weights of one network as the start of another's."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

from ganaug.core.provenance import ADAPTED, KEPT, NEW
from ganaug.models.layout import CHANNEL, Axis, Grid, Part, anatomy

_PALE = 0.1  # of the source's contrast where gray becomes colour: saturated pixels have no gradient to change by
_POWER_ITERATIONS = 15


@torch.no_grad()
def transplant(source: nn.Module, target: nn.Module, matches: dict[Axis, tuple[Tensor, Tensor]]) -> dict[str, str]:
    """Fill a network with what fits of another one; return what became of each tensor.

    Parameters
    ----------
    source, target : Module
        Networks of one kind; the source is only read.
    matches : dict of axis to (Tensor, Tensor)
        For each kind of axis, how target entries are made of source entries, ``(n_target, n_source)``: where the axis
        is an output of a layer, and where it is an input. A row of zeros: the entry is new.
    """
    parts = anatomy(source)
    tensors = {parts[name].key: (tensor, parts[name]) for name, tensor in source.state_dict().items()}
    new = target.state_dict()
    statuses = {}
    for name, part in anatomy(target).items():
        old, old_part = tensors.get(part.key, (None, part))
        statuses[name] = NEW if old is None else _fill(new[name], old, part, old_part, matches)
    _settle(target)
    return statuses


def _fill(new: Tensor, old: Tensor, part: Part, old_part: Part, matches: dict[Axis, tuple[Tensor, Tensor]]) -> str:
    """Overwrite a tensor with what another one has for it, and say how much that was."""
    if new.dim() != old.dim():
        return NEW
    value, known, status = old, [], KEPT
    for i, (axis, old_axis) in enumerate(zip(part.axes, old_part.axes, strict=True)):
        match = _grid_match(axis, old_axis, i) if isinstance(axis, Grid) else matches.get(axis, (None, None))[min(i, 1)]
        if match is None or (match.shape == (len(match),) * 2 and match.equal(torch.eye(len(match)))):
            continue
        status = ADAPTED
        groups = value.shape[i] // match.shape[1]  # channels of a grid; else 1
        value = value.unflatten(i, (groups, -1))
        value = torch.movedim(torch.tensordot(match, value, ([1], [i + 1])), 0, i + 1).flatten(i, i + 1)
        if axis == CHANNEL and not i and match.shape[0] > match.shape[1]:
            value = value * _PALE
        known.append(match.any(1).repeat(groups).view([-1 if j == i else 1 for j in range(new.dim())]))
    if value.shape != new.shape or not all(entries.any() for entries in known):
        return NEW
    is_known = torch.ones_like(new, dtype=torch.bool)
    for entries in known:
        is_known &= entries
    new.copy_(torch.where(is_known, value, new))
    return status


def _grid_match(new: Grid, old: Axis, i: int) -> Tensor | None:
    """Return how positions of one feature map are interpolated from those of another; sums over positions stay."""
    if not isinstance(old, Grid) or old[1:] == new[1:]:
        return None
    n = old.height * old.width
    each = torch.eye(n).view(n, 1, old.height, old.width)
    resized = F.interpolate(each, new[1:], mode="bilinear", antialias=True).flatten(1).T  # (positions, old positions)
    return resized * n / len(resized) if i else resized


def _settle(network: nn.Module) -> None:
    """Let spectral normalisation find the norms of the new weights."""
    for module in network.modules():
        if parametrize.is_parametrized(module):
            for _ in range(_POWER_ITERATIONS):
                for name in module.parametrizations:  # type: ignore[union-attr]
                    getattr(module, name)

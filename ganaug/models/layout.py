"""What the tensors of a network mean, so that a network for other data can start from them.

A network may have a method ``anatomy()`` that returns a `Part` for each of its modules that is more than a layer
between features: by it, `ganaug.finetune` finds what corresponds in networks of another size. Without one, tensors of
equal name and shape correspond.
"""

from typing import NamedTuple, TypeAlias

from torch import nn

from ganaug.models.layers import ClassEmbedding

FEATURE = "feature"  # hidden units or kernel positions: fit only in equal number
CLASS = "class"  # conditions, in the order of the model's classes
ENTRY = "entry"  # entries of an encoded row
NUMBER = "number"  # entries of an encoded row that are normal scores
CHANNEL = "channel"  # colours of an image


class Grid(NamedTuple):
    """A flattened feature map: an axis of ``channels * height * width``."""

    channels: int
    height: int
    width: int


Axis: TypeAlias = str | Grid


class Part(NamedTuple):
    """What a module, or one of its tensors, is."""

    key: str  # the same in networks of another depth or size
    axes: tuple[Axis, ...] = ()  # of the weight, outputs first; empty: features only
    level: int | None = None  # halvings of the full image it works at


def anatomy(network: nn.Module) -> dict[str, Part]:
    """Return what every tensor of ``network.state_dict()`` is; keys are unique."""
    declared: dict[str, Part] = getattr(network, "anatomy", dict)()
    modules = dict(network.named_modules())
    parts = {}
    for name in network.state_dict():
        plain = name.replace(".parametrizations.", ".").removesuffix(".original")
        path, _, leaf = plain.rpartition(".")
        owner = next((p for p in _prefixes(path) if p in declared), None)
        part = Part(path) if owner is None else declared[owner]
        rest = plain if owner is None else part.key + plain[len(owner) :]
        axes = part.axes if owner == path else ()
        if isinstance(modules.get(path), ClassEmbedding):
            axes = (CLASS, FEATURE)
        parts[name] = Part(rest, {"weight": axes, "bias": axes[:1]}.get(leaf, ()), part.level)
    return parts


def _prefixes(path: str) -> list[str]:
    """Return a module's path and those of the modules around it, the nearest first."""
    parts = path.split(".")
    return [".".join(parts[:n]) for n in range(len(parts), 0, -1)]

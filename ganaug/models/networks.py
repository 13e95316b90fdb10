"""What a pair of networks tells about itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from torch import nn

from ganaug.core import registry
from ganaug.core.config import ResolvedConfig
from ganaug.data.codec import Span

Build: TypeAlias = Callable[[tuple[int, ...], Sequence[Span], int, ResolvedConfig], tuple[nn.Module, nn.Module]]
Shape: TypeAlias = tuple[int, ...]


def _same_depth(depth: int, source: Shape, target: Shape) -> int:
    return depth


@dataclass(frozen=True)
class Network:
    """A generator and a discriminator, and what may be asked of them.

    Registered in the entry-point group ``ganaug.networks``; a plain function in place of it is taken for `build`. The
    generator has a ``latent_dim`` and maps ``(z, c)`` to encoded samples; it may have ``calibrate(batches, noise)``,
    which is called after training, see `ganaug.models.calibration`. Either may have ``anatomy()``, see
    `ganaug.models.layout`.

    Attributes
    ----------
    build : callable
        From sample shape, spans, number of classes and resolved configuration to generator and discriminator.
    has_attention : bool
        Whether the setting `attention` has a meaning.
    has_projection : bool
        Whether the discriminator ends in a `ProjectionHead`, which `mismatch_weight` needs.
    has_class_norms : bool
        Whether classes own scales and shifts in the generator, which fine-tuning by ``"scale-shift"`` needs.
    adapt_depth : callable
        From a source's depth, its sample shape and a target's sample shape to the depth of a fine-tuned network.

    Examples
    --------
    >>> network_named("conv").has_attention, network_named("mlp").has_attention
    (True, False)
    """

    build: Build
    has_attention: bool = False
    has_projection: bool = False
    has_class_norms: bool = False
    adapt_depth: Callable[[int, Shape, Shape], int] = _same_depth


def network_named(name: str) -> Network:
    """Return the network that is registered as `name`.

    Raises
    ------
    PluginNotFoundError
        If there is none.
    """
    network = registry.lookup("networks", name)
    return network if isinstance(network, Network) else Network(network)

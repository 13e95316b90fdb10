"""The networks that learn points of texts: those of rows."""

from collections.abc import Sequence

from ganaug.core.config import ResolvedConfig
from ganaug.core.errors import ConfigError
from ganaug.data.codec import Span
from ganaug.models.networks import Network, network_named
from torch import nn

from ganaug_text.codec import TOKEN


def build(
    sample_shape: tuple[int, ...], spans: Sequence[Span], n_classes: int, config: ResolvedConfig
) -> tuple[nn.Module, nn.Module]:
    """Return generator and discriminator of points.

    Raises
    ------
    ConfigError
        If samples are numbers of words: a network cannot draw between two words.
    """
    if spans[0].activation == TOKEN:
        raise ConfigError("a GAN cannot make words directly: in a sampler use sources={'latent-gan': 1.0}")
    return network_named("mlp").build(sample_shape, spans, n_classes, config)


TEXT = Network(build, has_projection=True)

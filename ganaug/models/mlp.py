"""Fully connected networks for rows."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganaug.core.config import ResolvedConfig
from ganaug.data.codec import Span
from ganaug.models.layers import ClassEmbedding, ProjectionHead, normalised
from ganaug.models.layout import ENTRY, FEATURE, Part
from ganaug.models.networks import Network

_EMBEDDING_DIM = 16
_TEMPERATURE = 0.2  # of the softened one-hot that the discriminator sees in training (as in CTGAN, arXiv:1907.00503)


class RowGenerator(nn.Module):
    """Latent and class to an encoded row.

    A one-hot part is drawn by the Gumbel-max trick, softened in training (Jang et al. 2017, arXiv:1611.01144). Its
    noise is part of ``z``, so that a row is a function of ``(z, c)`` alone.

    Parameters
    ----------
    spans : sequence of Span
        What each slice of the row is.
    n_classes, latent_dim, width, depth : int
        Sizes; `depth` counts hidden layers.
    """

    def __init__(self, spans: Sequence[Span], n_classes: int, latent_dim: int, width: int, depth: int) -> None:
        super().__init__()
        self.hidden_dim = latent_dim
        self.softmax_spans = [span for span in spans if span.activation == "softmax"]
        self.latent_dim = latent_dim + sum(span.dim for span in self.softmax_spans)
        row_dim = sum(span.dim for span in spans)
        self.embedding = ClassEmbedding(n_classes, _EMBEDDING_DIM)
        sizes = [latent_dim + _EMBEDDING_DIM, *[width] * depth]
        layers = [(nn.Linear(a, b), nn.ReLU()) for a, b in zip(sizes, sizes[1:], strict=False)]
        self.body = nn.Sequential(*[module for layer in layers for module in layer], nn.Linear(width, row_dim))

    def anatomy(self) -> dict[str, Part]:
        """Say which layer writes the entries of a row."""
        return {f"body.{len(self.body) - 1}": Part("out", (ENTRY, FEATURE))}

    def forward(self, z: Tensor, c: Tensor) -> Tensor:
        """Return rows ``(batch, row_dim)`` from ``z (batch, latent_dim)`` and ``c (batch,)``."""
        hidden, noise = z[:, : self.hidden_dim], z[:, self.hidden_dim :]
        row = self.body(torch.cat([hidden, self.embedding(c)], 1))
        if not self.softmax_spans:
            return row
        gumbel = -torch.log(-torch.log(torch.special.ndtr(noise).clamp(1e-6, 1 - 1e-6)))
        parts, done, used = [], 0, 0
        for start, dim, _, _ in self.softmax_spans:
            scores = row[:, start : start + dim] + gumbel[:, used : used + dim]
            if self.training:
                drawn = F.softmax(scores / _TEMPERATURE, 1)
            else:
                drawn = torch.zeros_like(scores).scatter_(1, scores.argmax(1, keepdim=True), 1)
            parts += [row[:, done:start], drawn]
            done, used = start + dim, used + dim
        return torch.cat([*parts, row[:, done:]], 1)


class RowDiscriminator(nn.Module):
    """Row and class to a logit; the class enters by projection (Miyato & Koyama 2018, arXiv:1802.05637)."""

    def __init__(self, row_dim: int, n_classes: int, width: int, depth: int, normalise: bool) -> None:
        super().__init__()
        sizes = [row_dim, *[width] * depth]
        layers = [
            (normalised(nn.Linear(a, b), normalise), nn.LeakyReLU(0.2)) for a, b in zip(sizes, sizes[1:], strict=False)
        ]
        self.body = nn.Sequential(*[module for layer in layers for module in layer])
        self.head = ProjectionHead(width, n_classes, normalise)

    def anatomy(self) -> dict[str, Part]:
        """Say which layer reads the entries of a row."""
        return {"body.0": Part("in", (FEATURE, ENTRY))}

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        """Return logits in the shape of ``c``: ``(batch,)``, or ``(k, batch)`` for k labels of each sample."""
        return self.head(self.body(x), c)


def build_mlp(
    sample_shape: tuple[int, ...], spans: Sequence[Span], n_classes: int, config: ResolvedConfig
) -> tuple[nn.Module, nn.Module]:
    """Return generator and discriminator for rows; `config` is resolved (no ``"auto"``)."""
    generator = RowGenerator(spans, n_classes, config.latent_dim, config.width, config.depth)
    discriminator = RowDiscriminator(sample_shape[0], n_classes, config.width, config.depth, config.spectral_norm)
    return generator, discriminator


MLP = Network(build_mlp, has_projection=True)

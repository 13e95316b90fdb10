"""Parts that rows and images share."""

import math

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


def normalised(layer: nn.Module, on: bool) -> nn.Module:
    """Return `layer`, under spectral normalisation (Miyato et al. 2018, arXiv:1802.05957) if `on`."""
    return spectral_norm(layer) if on else layer


class ClassEmbedding(nn.Embedding):
    """A row for each class; a transfer keeps the rows of the classes that stay.

    Examples
    --------
    >>> import torch
    >>> ClassEmbedding(3, 16)(torch.tensor([0, 2])).shape
    torch.Size([2, 16])
    """


class ProjectionHead(nn.Module):
    """Features and class to a logit: a linear term plus the inner product with the class's embedding.

    Projection discriminator (Miyato & Koyama 2018, arXiv:1802.05637), the product scaled by ``1 / sqrt(dim)``.

    Examples
    --------
    >>> import torch
    >>> head = ProjectionHead(8, 3, normalise=False)
    >>> head(torch.zeros(4, 8), torch.tensor([0, 1, 2, 0])).shape
    torch.Size([4])
    """

    def __init__(self, dim: int, n_classes: int, normalise: bool) -> None:
        super().__init__()
        self.linear = normalised(nn.Linear(dim, 1), normalise)
        self.embedding = normalised(ClassEmbedding(n_classes, dim), normalise)
        self.scale = 1 / math.sqrt(dim)

    def forward(self, features: Tensor, c: Tensor) -> Tensor:
        """Return logits from ``features (batch, dim)``, in the shape of ``c``: ``(batch,)`` or ``(k, batch)``."""
        return self.linear(features)[:, 0] + (self.embedding(c) * features).sum(-1) * self.scale

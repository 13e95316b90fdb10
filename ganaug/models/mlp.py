"""Fully connected networks for rows."""

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganaug.core.config import ResolvedConfig
from ganaug.data.codec import Span
from ganaug.models.layers import ClassEmbedding, ProjectionHead, normalised
from ganaug.models.layout import ENTRY, FEATURE, NUMBER, Part
from ganaug.models.marginals import Marginals, state_of
from ganaug.models.networks import Network

_EMBEDDING_DIM = 16
_TEMPERATURE = 0.2  # of the softened one-hot that the discriminator sees in training (as in CTGAN, arXiv:1907.00503)
_HINGES = 12  # of each normal score that the discriminator sees: trees cut columns, plain networks only bend them
_CALIBRATION = 16_384  # rows of a class that its marginals are fitted to
_CALIBRATION_NUMBERS = 2**23  # in those: fewer rows of wide tables
_ROUNDS = 4  # of fitting the shares of levels


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
    faithful : bool, default=False
        Whether to add what serves fidelity alone: a linear path from latent to row, numbers of 0 wherever a state
        (missing, a dominant value) is drawn instead, and `Marginals`.
    """

    def __init__(
        self,
        spans: Sequence[Span],
        n_classes: int,
        latent_dim: int,
        width: int,
        depth: int,
        faithful: bool = False,
    ) -> None:
        super().__init__()
        self.hidden_dim = latent_dim
        self.softmax_spans = [span for span in spans if span.activation == "softmax"]
        self.latent_dim = latent_dim + sum(span.dim for span in self.softmax_spans)
        row_dim = sum(span.dim for span in spans)
        self.embedding = ClassEmbedding(n_classes, _EMBEDDING_DIM)
        sizes = [latent_dim + _EMBEDDING_DIM, *[width] * depth]
        layers = [(nn.Linear(a, b), nn.ReLU()) for a, b in zip(sizes, sizes[1:], strict=False)]
        self.body = nn.Sequential(*[module for layer in layers for module in layer], nn.Linear(width, row_dim))
        self.skip = nn.Linear(latent_dim, row_dim, bias=False) if faithful else None
        self.marginals = Marginals(spans, n_classes) if faithful else None
        states = {span.start: state_of(spans, i) for i, span in enumerate(spans) if span.activation != "softmax"}
        self.masked = [(number, state) for number, state in states.items() if state is not None and faithful]

    def anatomy(self) -> dict[str, Part]:
        """Say which layers write the entries of a row."""
        parts = {f"body.{len(self.body) - 1}": Part("out", (ENTRY, FEATURE))}
        return parts if self.skip is None else parts | {"skip": Part("skip", (ENTRY, FEATURE))}

    def forward(self, z: Tensor, c: Tensor) -> Tensor:
        """Return rows ``(batch, row_dim)`` from ``z (batch, latent_dim)`` and ``c (batch,)``."""
        hidden, noise = z[:, : self.hidden_dim], z[:, self.hidden_dim :]
        row = self.body(torch.cat([hidden, self.embedding(c)], 1))
        if self.skip is not None:
            row = row + self.skip(hidden)
        if self.marginals is not None and not self.training:
            row = self.marginals(row, c)
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
        row = torch.cat([*parts, row[:, done:]], 1)
        if self.masked:
            numbers, states = (list(entries) for entries in zip(*self.masked, strict=True))
            row = row.index_copy(1, torch.tensor(numbers, device=row.device), row[:, numbers] * row[:, states])
        return row

    @torch.no_grad()
    def calibrate(self, batches: Any, noise: torch.Generator) -> None:
        """Fit the marginals to the encoded rows ``(n, row_dim)`` that ``batches.of_class(condition, most)`` gives."""
        if self.marginals is None:
            return
        row_dim = cast(nn.Linear, self.body[-1]).out_features
        n = max(256, min(_CALIBRATION, _CALIBRATION_NUMBERS // row_dim))
        for condition in range(self.embedding.num_embeddings):
            rows = batches.of_class(condition, n)
            z = torch.randn(n, self.latent_dim, generator=noise, device=noise.device)
            c = torch.full((n,), condition, device=noise.device)
            self.marginals.reset(condition)
            for _ in range(_ROUNDS if self.softmax_spans else 0):
                self.marginals.fit_levels(condition, self(z, c), rows)
            self.marginals.fit_numbers(condition, self(z, c), rows)


class RowDiscriminator(nn.Module):
    """Row and class to a logit; the class enters by projection (Miyato & Koyama 2018, arXiv:1802.05637).

    Of each normal score it also sees hinges ``max(0, x - t)`` at 12 quantiles t: a linear layer makes any piecewise
    linear function of a column of them, as sharp as the cuts of a tree (after Gorishniy et al. 2022, arXiv:2203.05556).
    """

    def __init__(self, spans: Sequence[Span], n_classes: int, width: int, depth: int, normalise: bool) -> None:
        super().__init__()
        sizes = [sum(span.dim for span in spans), *[width] * depth]
        layers = [
            (normalised(nn.Linear(a, b), normalise), nn.LeakyReLU(0.2)) for a, b in zip(sizes, sizes[1:], strict=False)
        ]
        self.body = nn.Sequential(*[module for layer in layers for module in layer])
        self.head = ProjectionHead(width, n_classes, normalise)
        self.numbers = [span.start for span in spans if span.activation == "normal"]
        if self.numbers:
            at = torch.special.ndtri((torch.arange(_HINGES) + 0.5) / _HINGES)
            self.register_buffer("at", at[:, None], persistent=False)
            self.hinges = normalised(nn.Linear(_HINGES * len(self.numbers), width, bias=False), normalise)

    def anatomy(self) -> dict[str, Part]:
        """Say which layers read the entries of a row."""
        parts = {"body.0": Part("in", (FEATURE, ENTRY))}
        return parts | {"hinges": Part("hinges", (FEATURE, NUMBER))} if self.numbers else parts

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        """Return logits in the shape of ``c``: ``(batch,)``, or ``(k, batch)`` for k labels of each sample."""
        h = self.body[0](x)
        if self.numbers:
            numbers = x if len(self.numbers) == x.shape[1] else x[:, self.numbers]
            h = h + self.hinges(
                F.relu(numbers[:, None] - cast(Tensor, self.at)).flatten(1)
            )  # knot by knot: (batch, knots * numbers)
        return self.head(self.body[1:](h), c)


def build_mlp(
    sample_shape: tuple[int, ...], spans: Sequence[Span], n_classes: int, config: ResolvedConfig
) -> tuple[nn.Module, nn.Module]:
    """Return generator and discriminator for rows; `config` is resolved (no ``"auto"``)."""
    sizes = config.width, config.depth
    faithful = config.quality != "oversampling"
    generator = RowGenerator(spans, n_classes, config.latent_dim, *sizes, faithful=faithful)
    return generator, RowDiscriminator(spans, n_classes, *sizes, config.spectral_norm)


MLP = Network(build_mlp, has_projection=True)

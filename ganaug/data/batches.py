"""Endless class-balanced batches."""

from collections.abc import Iterator

import torch
from torch import Tensor

_BLOCK = 64  # batches whose indices are drawn at once


class BalancedBatches(Iterator[tuple[Tensor, Tensor]]):
    """Batches in which every class is equally likely, whatever its share of the data; with replacement.

    Parameters
    ----------
    x : Tensor of shape (n, *sample_shape)
        Encoded samples, on the device where they are used.
    c : Tensor of shape (n,)
        Their classes, 0 … n_classes - 1, each present.
    batch_size : int
        Samples per batch.
    generator : torch.Generator
        Source of randomness, on the CPU.
    """

    def __init__(self, x: Tensor, c: Tensor, batch_size: int, generator: torch.Generator) -> None:
        self.x, self.c = x, c
        self.batch_size = batch_size
        self.generator = generator
        self._order = torch.argsort(c.cpu(), stable=True)  # samples of one class stand together
        self._counts = torch.bincount(c.cpu())
        self._starts = self._counts.cumsum(0) - self._counts
        self._block: list[Tensor] = []

    def __next__(self) -> tuple[Tensor, Tensor]:
        if not self._block:
            self._block = list(self._draw((_BLOCK, self.batch_size)).to(self.x.device))
        index = self._block.pop()
        return self.x[index], self.c[index]

    def _draw(self, shape: tuple[int, int]) -> Tensor:
        chosen = torch.randint(len(self._counts), shape, generator=self.generator)
        within = (torch.rand(shape, generator=self.generator, dtype=torch.double) * self._counts[chosen]).long()
        return self._order[self._starts[chosen] + within]

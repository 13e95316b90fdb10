"""Endless class-balanced batches."""

import hashlib
from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor

from ganaug.data.image.pixels import to_floats

_BLOCK = 64  # batches whose indices are drawn at once


class Refill(Protocol):
    """Exchanges samples of batches for others, from a file that is larger than memory."""

    def __call__(self, batches: "BalancedBatches") -> None:
        """Exchange some, drawn by the batches' generator."""
        ...

    def state_dict(self) -> dict[str, Tensor]:
        """Return where it is."""
        ...

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from there."""
        ...


class BalancedBatches(Iterator[tuple[Tensor, Tensor]]):
    """Batches in which a class is drawn whatever its share of the data, and a rarer one if anything more often.

    With replacement.

    Parameters
    ----------
    x : Tensor of shape (n, *sample_shape)
        Encoded samples, or images as uint8, on the device where they are used.
    c : Tensor of shape (n,)
        Their classes, 0 … n_classes - 1, each present.
    batch_size : int
        Samples per batch.
    generator : torch.Generator
        Source of randomness, on the CPU.
    focus : float, default=0
        A class of n samples is drawn in proportion to ``n ** -focus``; 0: all are equally likely.
    part : slice, default=slice(None)
        Which samples of each batch are wanted here; processes that share a batch each take their own.
    refill : Refill, optional
        Called now and then to exchange samples for others of their class.
    """

    def __init__(
        self,
        x: Tensor,
        c: Tensor,
        batch_size: int,
        generator: torch.Generator,
        focus: float = 0.0,
        part: slice = slice(None),
        refill: Refill | None = None,
    ) -> None:
        self.x, self.c = x, c
        self.refill = refill
        self.part = part
        self.batch_size = batch_size
        self.generator = generator
        self._order = torch.argsort(c.cpu(), stable=True)  # samples of one class stand together
        self._counts = torch.bincount(c.cpu())
        self._starts = self._counts.cumsum(0) - self._counts
        self._weights = self._counts.double() ** -focus
        self._block: list[Tensor] = []

    def __next__(self) -> tuple[Tensor, Tensor]:
        if not self._block:
            if self.refill is not None:
                self.refill(self)
            self._block = list(self._draw((_BLOCK, self.batch_size)).to(self.x.device))
        index = self._block.pop()[self.part]
        return to_floats(self.x[index]), self.c[index]

    def of_class(self, condition: int, most: int | None = None) -> Tensor:
        """Return encoded samples of a class, ``(n, *sample_shape)``: all, or the first so many."""
        start = self._starts[condition]
        own = self._order[start : start + self.count(condition)][:most]
        return to_floats(self.x[own.to(self.x.device)])

    def pick(self, condition: int, places: Tensor) -> Tensor:
        """Return encoded samples of a class by their places in its order, numbers ``(n,)`` in [0, 1)."""
        within = (places.cpu().double() * self.count(condition)).long()
        return to_floats(self.x[self._order[self._starts[condition] + within].to(self.x.device)])

    def draw_classes(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw `n` classes as those of a batch are drawn, on the device of `generator`."""
        weights = self._weights.to(generator.device, torch.float32)
        return torch.multinomial(weights, n, replacement=True, generator=generator)

    def count(self, condition: int) -> int:
        """Return the number of samples of a class."""
        return int(self._counts[condition])

    def replace(self, condition: int, x: Tensor) -> None:
        """Put samples ``(n, *sample_shape)`` of a class in the place of as many others of it, drawn at random."""
        slots = torch.randperm(self.count(condition), generator=self.generator)[: len(x)]
        self.x[self._order[self._starts[condition] + slots].to(self.x.device)] = x.to(self.x.device)

    def digest(self) -> str:
        """Return a SHA-256 of all samples and their classes."""
        digest = hashlib.sha256()
        for tensor in (self.x, self.c):
            array = (tensor.movedim(1, -1) if tensor.dim() == 4 else tensor).contiguous().cpu().numpy()
            digest.update(str(array.shape).encode())
            digest.update(array.data)
        return digest.hexdigest()

    def state_dict(self) -> dict[str, Tensor]:
        """Return what decides the batches to come."""
        block = torch.stack(self._block) if self._block else torch.empty(0, self.batch_size, dtype=torch.long)
        state = {"generator": self.generator.get_state(), "block": block}
        return state if self.refill is None else state | {"x": self.x} | self.refill.state_dict()

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from what `state_dict` gave."""
        self.generator.set_state(state["generator"])
        self._block = list(state["block"].to(self.x.device))
        if self.refill is not None:
            self.x.copy_(state["x"])
            self.refill.load_state_dict(state)

    def _draw(self, shape: tuple[int, int]) -> Tensor:
        n = shape[0] * shape[1]
        chosen = torch.multinomial(self._weights, n, replacement=True, generator=self.generator).view(shape)
        within = (torch.rand(shape, generator=self.generator, dtype=torch.double) * self._counts[chosen]).long()
        return self._order[self._starts[chosen] + within]

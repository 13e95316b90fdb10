"""Training on several processes: each holds the networks, and learns from its slice of every batch.

Gradients are averaged by hand: ``DistributedDataParallel`` fails with a gradient penalty that has a backward pass of
its own, or lets the processes drift apart (docs/decisions/0009-distributed-and-resume.md).
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ganaug.core.errors import ConfigError, SchemaError
from ganaug.core.processes import local_rank, process_group


class World:
    """The processes that train together. One alone talks to nobody, and every method gives back what it got.

    Parameters
    ----------
    rank, size : int
        Which process this is, of how many.
    device : torch.device, optional
        Where this process works; by default where its settings say.
    """

    def __init__(self, rank: int = 0, size: int = 1, device: torch.device | None = None) -> None:
        self.rank = rank
        self.size = size
        self.device = device

    def part(self, batch_size: int) -> slice:
        """Return which samples of a batch are this process's.

        Raises
        ------
        ConfigError
            If the batch cannot be shared out equally.
        """
        n, rest = divmod(batch_size, self.size)
        if rest:
            raise ConfigError(f"batch_size={batch_size} cannot be shared by {self.size} processes; use a multiple")
        return slice(self.rank * n, (self.rank + 1) * n)

    def average_gradients(self, weights: Iterable[nn.Parameter]) -> None:
        """Replace every gradient by its mean over the processes."""
        if self.size > 1:
            gradients = [weight.grad for weight in weights if weight.grad is not None]
            flat = self.mean(torch.cat([gradient.flatten() for gradient in gradients]))
            for gradient, mean in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
                gradient.copy_(mean.view(gradient.shape))

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean over the processes."""
        return values if self.size == 1 else _summed(values) / self.size

    def gather(self, part: Tensor) -> Tensor:
        """Return the parts ``(n, …)`` of all processes in order, ``(size * n, …)``."""
        if self.size == 1:
            return part
        parts = [torch.empty_like(part) for _ in range(self.size)]
        distributed.all_gather(parts, part.contiguous())
        return torch.cat(parts)

    def agree(self, number: int) -> int:
        """Return the largest of the numbers, below 2⁶³, that the processes say."""
        if self.size == 1:
            return number
        largest = torch.tensor(number, device=self.device)
        distributed.all_reduce(largest, distributed.ReduceOp.MAX)
        return int(largest)

    def require_same(self, said: str, what: str) -> None:
        """Raise `SchemaError` unless all processes say the same about what they were given."""
        number = int(hashlib.sha256(said.encode()).hexdigest()[:15], 16)
        largest, smallest = self.agree(number), -self.agree(-number)
        if largest != smallest:
            raise SchemaError(f"the {self.size} processes were given different {what}; all need the same")


@contextmanager
def joined(device: str, *, on: bool = True) -> Iterator[World]:
    """Join the processes that ``torchrun`` started.

    Parameters
    ----------
    device : str
        ``"cuda"`` becomes the GPU of this process, and NCCL carries the gradients; gloo does for all else.
    on : bool, default=True
        False: this process trains alone.

    Raises
    ------
    ConfigError
        If ``torchrun`` did not start this process, or it belongs to another group of processes than it says.
    """
    if not on:
        yield World()
        return
    if device == "cuda" and (gpu := local_rank()) is not None:
        device = f"cuda:{gpu}"
        torch.cuda.set_device(device)
    with process_group("nccl" if device.startswith("cuda") else "gloo") as (rank, size):
        yield World(rank, size, torch.device(device))


@contextmanager
def synchronised(networks: Sequence[nn.Module], world: World) -> Iterator[None]:
    """Let batch normalisation inside the block take its statistics from the batch of all processes."""
    normalisations = [module for network in networks for module in network.modules() if isinstance(module, _BatchNorm)]
    layers = normalisations if world.size > 1 else []
    for layer in layers:
        layer.forward = partial(_normalise, layer, world.size)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward


def _normalise(layer: Any, size: int, x: Tensor) -> Tensor:
    """Do what ``layer(x)`` does for ``x (batch, channels, …)``, with the statistics of all processes."""
    if not layer.training:
        return type(layer).forward(layer, x)
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    over, spread = [0, *range(2, x.dim())], (1, -1, *[1] * (x.dim() - 2))
    n = size * x.numel() // x.shape[1]
    mean = _Sum.apply(wide.sum(over)) / n
    centred = wide - mean.view(spread)
    variance = _Sum.apply(centred.square().sum(over)) / n
    if layer.track_running_stats:
        with torch.no_grad():
            layer.num_batches_tracked += 1
            share = 1 / float(layer.num_batches_tracked) if layer.momentum is None else layer.momentum
            layer.running_mean.lerp_(mean, share)
            layer.running_var.lerp_(variance * n / (n - 1), share)
    normal = centred * (variance + layer.eps).rsqrt().view(spread)
    if layer.affine:
        normal = normal * layer.weight.view(spread) + layer.bias.view(spread)
    return normal.to(x.dtype)


class _Sum(torch.autograd.Function):
    """The sum over the processes, and the sum of its gradients on the way back."""

    @staticmethod
    def forward(context: Any, values: Tensor) -> Tensor:
        return _summed(values)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return _summed(gradient)


def _summed(values: Tensor) -> Tensor:
    total = values.detach().clone(memory_format=torch.contiguous_format)
    distributed.all_reduce(total)
    return total

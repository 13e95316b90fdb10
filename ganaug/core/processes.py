"""Several processes that work together, as ``torchrun`` starts them: the one place that reads what it tells them."""

import datetime
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from ganaug.core.errors import ConfigError, GANAugError, OutputError

_PATIENCE = datetime.timedelta(days=30)  # a process may be done long before another
_TOLD_BY_TORCHRUN = {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"}
T = TypeVar("T")


def launched() -> bool:
    """Whether ``torchrun`` started this process as one of several."""
    return int(os.environ.get("WORLD_SIZE", 1)) > 1


def is_first_process() -> bool:
    """Whether this process speaks for all that ``torchrun`` started; also where it is the only one."""
    return os.environ.get("RANK", "0") == "0"


def local_rank() -> int | None:
    """Return which process on its machine this one is, and so which GPU is its own; None without ``torchrun``."""
    return int(os.environ["LOCAL_RANK"]) if "LOCAL_RANK" in os.environ else None


@contextmanager
def process_group(backend: str, timeout: datetime.timedelta | None = None) -> Iterator[tuple[int, int]]:
    """Join the processes that ``torchrun`` started, unless they are joined already; yield rank and number.

    Raises
    ------
    ConfigError
        If ``torchrun`` did not start this process, or it belongs to another group of processes than it says.
    """
    import torch.distributed as distributed

    if not os.environ.keys() >= _TOLD_BY_TORCHRUN:
        raise ConfigError("working on several processes needs torchrun: torchrun --nproc-per-node 2 -m ganaug …")
    announced = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    ours = not distributed.is_initialized()
    if ours:
        distributed.init_process_group(backend, timeout=timeout)
    try:
        actual = distributed.get_rank(), distributed.get_world_size()
        if actual != announced:
            raise ConfigError(
                f"torchrun says process {announced[0]} of {announced[1]}, the process group says {actual[0]} of "
                f"{actual[1]}"
            )
        yield announced
    finally:
        if ours:
            distributed.destroy_process_group()


class Ranks:
    """A process alone: the first of one."""

    rank, world = 0, 1

    def first(self, work: Callable[[], T]) -> T:
        """Return, in every process, what `work` returns in the first; an error there is raised everywhere."""
        return work()

    def wait(self) -> None:
        """Wait until every process is here."""


class _Torchrun(Ranks):
    def __init__(self, rank: int, world: int) -> None:
        self.rank, self.world = rank, world

    def first(self, work: Callable[[], T]) -> T:
        import torch.distributed

        outcome: list[Any] = [None, None]
        if self.rank == 0:
            try:
                outcome[0] = work()
            except GANAugError as error:
                outcome[1] = error
        with _lost():
            torch.distributed.broadcast_object_list(outcome)
        if outcome[1] is not None:
            raise outcome[1]
        return outcome[0]

    def wait(self) -> None:
        import torch.distributed

        with _lost():
            torch.distributed.barrier()


@contextmanager
def ranks() -> Iterator[Ranks]:
    """Join the processes that ``torchrun`` started, or be alone."""
    if not launched():
        yield Ranks()
        return
    with process_group("gloo", _PATIENCE) as (rank, world):
        yield _Torchrun(rank, world)


@contextmanager
def _lost() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise OutputError("another process of this run has ended; --resume goes on where it stopped") from error

"""Several processes that make one output, as ``torchrun`` starts them."""

import datetime
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from ganaug.core.errors import GANAugError, OutputError

_PATIENCE = datetime.timedelta(days=30)  # a process may be done long before another
_TOLD_BY_TORCHRUN = {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"}
T = TypeVar("T")


class Ranks:
    """A process alone: the first of one."""

    rank, world = 0, 1

    def first(self, work: Callable[[], T]) -> T:
        """Return, in every process, what `work` returns in the first; an error there is raised everywhere."""
        return work()

    def wait(self) -> None:
        """Wait until every process is here."""


class _Torchrun(Ranks):
    def __init__(self) -> None:
        self.rank, self.world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])

    def first(self, work: Callable[[], T]) -> T:
        import torch.distributed

        found: list[Any] = [None, None]
        if self.rank == 0:
            try:
                found[0] = work()
            except GANAugError as error:
                found[1] = error
        with _lost():
            torch.distributed.broadcast_object_list(found)
        if found[1] is not None:
            raise found[1]
        return found[0]

    def wait(self) -> None:
        import torch.distributed

        with _lost():
            torch.distributed.barrier()


@contextmanager
def ranks() -> Iterator[Ranks]:
    """Join the processes that ``torchrun`` started, or be alone."""
    if not os.environ.keys() >= _TOLD_BY_TORCHRUN:
        yield Ranks()
        return
    import torch.distributed

    torch.distributed.init_process_group("gloo", timeout=_PATIENCE)
    try:
        yield _Torchrun()
    finally:
        torch.distributed.destroy_process_group()


@contextmanager
def _lost() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise OutputError("another process of this run has ended; --resume goes on where it stopped") from error

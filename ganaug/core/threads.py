"""How many threads torch's CPU kernels run on."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Run torch's CPU kernels on `n` threads inside the block, then restore the setting."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)

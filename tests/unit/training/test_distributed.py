"""A process alone; what two of them do together is in tests/integration/test_distributed.py."""

import pytest
import torch
from torch import nn

from ganaug.core.errors import ConfigError
from ganaug.training.distributed import World, joined, synchronised


def test_a_process_alone_gives_back_what_it_got():
    world, values = World(), torch.tensor([1.0, 2.0])
    weight = nn.Parameter(values.clone())
    weight.grad = values.clone()
    world.average_gradients([weight])
    world.require_same("this", "data")
    assert world.mean(values) is values and world.gather(values) is values and world.agree(7) == 7
    assert torch.equal(weight.grad, values)


@pytest.mark.parametrize(("rank", "part"), [(0, slice(0, 4)), (2, slice(8, 12))])
def test_a_batch_is_shared_out_equally_or_refused(rank, part):
    assert World(rank, 3).part(12) == part
    with pytest.raises(ConfigError, match="batch_size=13 cannot be shared by 3 processes; use a multiple"):
        World(rank, 3).part(13)


def test_training_alone_needs_no_torchrun_and_together_does(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    with joined("cpu", on=False) as world:
        assert (world.rank, world.size) == (0, 1)
    with pytest.raises(ConfigError, match="needs torchrun"), joined("cpu"):
        pass


def test_alone_batch_normalisation_stays_pytorchs():
    norm = nn.BatchNorm1d(3)
    with synchronised([nn.Sequential(norm)], World()):
        assert "forward" not in vars(norm)

import pytest

from ganaug.core.errors import ConfigError
from ganaug.core.processes import is_first_process, launched, local_rank, process_group, ranks

TOLD = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    for name in TOLD:
        monkeypatch.delenv(name, raising=False)


def test_a_process_alone_is_the_first_of_one():
    assert not launched() and is_first_process()
    with ranks() as here:
        assert (here.rank, here.world) == (0, 1)
        assert here.first(lambda: "done") == "done"
        here.wait()


@pytest.mark.parametrize(("rank", "first"), [("0", True), ("1", False)])
def test_torchrun_says_which_process_this_is(monkeypatch, rank, first):
    monkeypatch.setenv("RANK", rank)
    monkeypatch.setenv("LOCAL_RANK", rank)
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert launched()
    assert is_first_process() is first
    assert local_rank() == int(rank)


def test_a_group_needs_torchrun():
    with pytest.raises(ConfigError, match="needs torchrun: torchrun --nproc-per-node 2"):
        with process_group("gloo", None):
            pass

import numpy as np
import pytest

from ganaug.core.errors import ConfigError
from ganaug.core.seeds import MAX_SEED, as_seed


@pytest.mark.parametrize("seed", [0, 7, 2**31 - 2, 2**32 - 1, np.int32(5), np.uint64(9)])
def test_an_int_is_used_as_it_is(seed):
    assert as_seed(seed) == seed
    assert type(as_seed(seed)) is int


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_a_generator_repeats_and_moves_on(make):
    one, other = make(3), make(3)
    first = as_seed(one)
    assert first == as_seed(other)
    assert as_seed(one) != first
    assert 0 <= first < MAX_SEED


def test_none_is_fresh_every_time():
    assert len({as_seed(None) for _ in range(20)}) == 20


def test_global_generators_are_left_alone():
    before = np.random.get_state()[1].copy()
    as_seed(None), as_seed(3)
    assert np.array_equal(before, np.random.get_state()[1])


@pytest.mark.parametrize("bad", [-1, 2**32, 1.0, "0", True, np.random.SeedSequence(1)])
def test_anything_else_is_refused(bad):
    with pytest.raises(ConfigError, match="random_state must be"):
        as_seed(bad)

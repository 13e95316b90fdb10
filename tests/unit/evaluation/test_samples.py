import numpy as np
import pytest

from ganaug.evaluation.samples import Samples, evenly, join, require_finite


@pytest.fixture
def samples():
    x = np.arange(12.0).reshape(6, 2)
    return Samples(x, np.array([0, 1, 0, 1, 1, 0]), -x, 2 * x, ())


def test_a_part_takes_everything_along(samples):
    rare = samples.of_class(1)
    assert len(rare) == 3 and set(rare.c) == {1}
    assert rare.encoded[:, 0].tolist() == [2, 6, 8]
    assert np.array_equal(rare.features, -rare.encoded) and np.array_equal(rare.logits, 2 * rare.encoded)


def test_parts_are_put_together_again(samples):
    both = join([samples.of_class(0), samples.of_class(1)])
    assert sorted(both.encoded[:, 0]) == sorted(samples.encoded[:, 0])
    assert np.array_equal(both.logits, 2 * both.encoded)
    plain = Samples(samples.encoded, samples.c, samples.features, None, ())
    assert join([plain, plain]).logits is None


def test_what_is_not_finite_is_counted():
    require_finite(np.ones(3))
    with pytest.raises(ValueError, match="3 values are NaN or infinite"):
        require_finite(np.array([1, np.nan, np.inf]), np.array([-np.inf]))


@pytest.mark.parametrize(
    ("n", "most", "expected"), [(5, 9, [0, 1, 2, 3, 4]), (9, 3, [0, 4, 8]), (9, 1, [0]), (0, 3, [])]
)
def test_positions_are_spread_evenly(n, most, expected):
    assert evenly(n, most).tolist() == expected

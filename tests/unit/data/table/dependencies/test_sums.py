import numpy as np
import pandas as pd
import pytest

from ganaug.data.table.dependencies.sums import find_sums

RNG = np.random.default_rng(0)
NET, TAX = (pd.Series(RNG.gamma(2, 50, 400).round(2)) for _ in range(2))
N_A, N_B = (pd.Series(RNG.integers(0, 9, 400)) for _ in range(2))


@pytest.mark.parametrize(("a", "b", "digits"), [(NET, TAX, 2), (N_A, N_B, 0)])
def test_a_total_is_found_and_taken_out_and_added_up_again(a, b, digits):
    total = (a + b).round(2)
    [found] = find_sums([a, total, b], set())
    assert (found.total, sorted(found.parts), found.decimals) == (1, [0, 2], digits)
    series = [a, total, b]
    found.derive(series)
    assert series[1] is None
    decoded = [a.to_numpy(), None, b.to_numpy()]
    found.restore(decoded)
    np.testing.assert_allclose(decoded[1], total, atol=1e-9)


def test_sums_of_sums_are_in_the_order_in_which_they_can_be_added():
    shipping = pd.Series(RNG.gamma(2, 50, 400).round(2))
    gross = (NET + TAX).round(2)
    found = find_sums([(gross + shipping).round(2), gross, NET, TAX, shipping], set())
    assert [one.total for one in found] == [1, 0]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda total: total + RNG.normal(0, 1, 400),
        lambda total: total.where(np.arange(400) > 0),  # missing values
        lambda total: pd.Series(RNG.permutation(total)),
    ],
)
def test_what_does_not_add_up_is_no_sum(spoil):
    assert find_sums([NET, spoil((NET + TAX).round(2)), TAX], set()) == []


def test_a_part_that_adds_nothing_is_no_part():
    zeros = pd.Series(np.where(np.arange(400) < 3, [*range(4), *[0] * 396], 0))
    assert find_sums([N_A, N_A + zeros, zeros], set()) == []

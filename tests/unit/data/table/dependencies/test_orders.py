import numpy as np
import pandas as pd

from ganaug.data.table.dependencies.orders import find_orders

RNG = np.random.default_rng(0)
LOW = pd.Series(RNG.normal(50, 10, 400).round(1))
HIGH = (LOW + RNG.exponential(5, 400)).round(1)
OTHER = pd.Series(RNG.normal(52, 12, 400).round(1))


def test_the_smaller_of_two_columns_is_found():
    [orders] = find_orders([HIGH, OTHER, LOW], set())
    assert orders.pairs == [(2, 0)] and orders.bases == {0: 2} and orders.computed == []
    assert find_orders([HIGH, OTHER, LOW], {0}) == []


def test_ranges_that_hardly_meet_need_no_order():
    assert find_orders([LOW, LOW + 1000 + OTHER], set()) == []


def test_dates_are_compared_with_dates_alone():
    start = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(0, 99, 400), "D"))
    end = start + pd.to_timedelta(RNG.integers(0, 30, 400), "D")
    [orders] = find_orders([end, LOW, start], set())
    assert orders.pairs == [(2, 0)]


def test_gaps_take_the_place_of_the_larger_and_become_it_again():
    [orders] = find_orders([LOW, HIGH], set())
    series = [LOW, HIGH]
    orders.derive(series)
    assert series[0] is LOW and (series[1] >= 0).all()
    decoded = [column.to_numpy(copy=True) for column in series]
    orders.restore(decoded)
    np.testing.assert_allclose(decoded[1], HIGH, atol=0.11)


def test_whatever_is_decoded_is_in_order_and_in_range():
    [orders] = find_orders([LOW, HIGH], set())
    decoded = [RNG.uniform(LOW.min(), LOW.max(), 1000).round(1), RNG.normal(0, 50, 1000)]
    orders.restore(decoded)
    assert (decoded[0] <= decoded[1]).all()
    assert decoded[1].max() <= HIGH.max() and decoded[0].min() >= LOW.min()

import numpy as np
import pandas as pd
import pytest

from ganaug.data.table.dependencies.one_hot import find_one_hot_groups

RNG = np.random.default_rng(0)
WHICH = RNG.integers(0, 3, 400)


def columns(dtype):
    hot = [pd.Series((WHICH == k).astype(dtype)) for k in range(3)]
    return [hot[0], pd.Series(RNG.normal(size=400)), hot[1], pd.Series(RNG.integers(0, 2, 400)), hot[2]]


@pytest.mark.parametrize("dtype", [int, bool, float])
def test_columns_of_which_one_is_on_are_a_group_and_come_back(dtype):
    series = columns(dtype)
    before = [column.tolist() for column in series]
    [group] = find_one_hot_groups(series)
    assert group.columns == [0, 2, 4] and group.computed == [2, 4]
    group.derive(series)
    assert series[0].tolist() == WHICH.astype(str).tolist()
    assert [column is None for column in series] == [False, False, True, False, True]
    decoded = [series[0].to_numpy(object), None, None, None, None]
    group.restore(decoded)
    assert [decoded[i].tolist() for i in group.columns] == [before[i] for i in group.columns]


def test_independent_flags_are_no_group():
    assert find_one_hot_groups([pd.Series(RNG.integers(0, 2, 400)) for _ in range(3)]) == []


def test_rare_flags_that_never_meet_by_chance_are_no_group():
    rare = [pd.Series((np.arange(400) == k).astype(int)) for k in range(3)]
    assert find_one_hot_groups(rare) == []

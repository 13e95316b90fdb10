import numpy as np
import pandas as pd
import pytest

from ganaug.data.table.dependencies.evidence import as_objects, is_plain, key, plain, say_too_many


@pytest.mark.parametrize(
    ("level", "value"),
    [("a", "a"), (np.int64(3), 3), (np.float32(0.5), 0.5), (np.bool_(True), True), (np.nan, None), (pd.NA, None)],
)
def test_levels_that_json_can_hold(level, value):
    assert is_plain(level)
    assert plain(level) == value and type(plain(level)) is type(value)


@pytest.mark.parametrize("level", [(1, 2), [1], pd.Interval(0, 1), 1j])
def test_levels_that_it_cannot(level):
    assert not is_plain(level)


def test_every_missing_value_is_the_same_key():
    assert {key(level) for level in (None, np.nan, pd.NA, pd.NaT)} == {None}
    assert key(0) == 0


def test_objects_stay_what_they_are():
    array = as_objects([1, "a", None, (1, 2)])
    assert array.dtype == object and array.tolist() == [1, "a", None, (1, 2)]


def test_a_search_that_is_left_out_is_said(caplog):
    say_too_many(300, "columns of few values")
    assert "between 300 columns of few values are not looked for: more than 200" in caplog.text

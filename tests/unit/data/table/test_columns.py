"""Which encoding a column gets, and the tools of it; test_codec.py sends whole tables there and back."""

import numpy as np
import pandas as pd
import pytest

from ganaug.core.errors import SchemaError
from ganaug.data.table.columns import decimals, dense, fit_column, is_number, is_time, nearest


@pytest.mark.parametrize(
    ("values", "kind", "parts"),
    [
        ([1.5, 2.5, 3.5], "numeric", ((1, "identity"),)),
        ([1.5, None, 2.5, 3.5], "numeric", ((1, "identity"), (2, "softmax"))),
        ([0, 1, 1, 0], "category", ((2, "softmax"),)),
        ([True, False, True], "category", ((2, "softmax"),)),
        (["a", "b", None], "category", ((3, "softmax"),)),
        (pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-05"]), "numeric", ((1, "identity"),)),
        ([7, 7, 7], "constant", ()),
        ([None, None], "constant", ()),
    ],
)
def test_the_encoding_follows_dtype_and_values(values, kind, parts):
    column = fit_column(pd.Series(values), "a")
    assert (column.kind, column.parts) == (kind, parts)
    assert len(column.entries) == sum(dim for dim, _ in parts)


@pytest.mark.parametrize(("values", "says"), [([1 + 2j, 2j, 3j], "Complex data"), ([1.0, 2.0, np.inf], "infinity")])
def test_numbers_that_cannot_be_encoded_are_refused_by_name(values, says):
    with pytest.raises(SchemaError, match=f"{says}.*column 'speed'"):
        fit_column(pd.Series(values), "speed")


@pytest.mark.parametrize(
    ("values", "dtype", "digits"),
    [([1.0, 20.0], "float64", 0), ([0.1, 0.25], "float64", 2), ([0.1, 0.25], "float32", 2), ([1 / 3], "float64", None)],
)
def test_the_fewest_decimals_that_write_every_value(values, dtype, digits):
    assert decimals(np.array(values, dtype), np.dtype(dtype)) == digits


def test_the_nearest_of_sorted_numbers():
    values = np.array([-5.0, 0.9, 1.6, 2.0, 99.0])
    assert nearest(values, np.array([0.0, 1.0, 2.0, 4.0])).tolist() == [0, 1, 2, 2, 4]
    assert nearest(values, np.array([3.0])).tolist() == [3] * 5


def test_what_counts_as_a_number_or_a_time():
    day = pd.Series(pd.to_datetime(["2024-01-01"]))
    assert is_number(pd.Series([1, 2.5], dtype=object)) and not is_number(pd.Series(["1"]))
    assert not is_number(pd.Series([True])) and not is_number(day)
    assert is_time(day) and is_time(day - day) and not is_time(pd.Series([1]))


def test_sparse_columns_become_dense_ones():
    column = pd.Series(pd.arrays.SparseArray([0, 0, 3]))
    assert dense(column).tolist() == [0, 0, 3] and not isinstance(dense(column).dtype, pd.SparseDtype)

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ganaug.core.errors import SchemaError
from ganaug.data.readers.dataset import check_labels, labelled

PATH = Path("orders.csv")


@pytest.fixture
def frame():
    return pd.DataFrame({"amount": [1.0, 2.0, 3.0], "label": ["a", "b", "a"], "shop": ["x", "x", "y"]})


def test_the_last_column_is_the_target_and_that_is_said(frame):
    dataset = labelled(frame, None, PATH, ["read first"])
    assert dataset.X.columns.tolist() == ["amount", "label"] and dataset.y.tolist() == ["x", "x", "y"]
    first, said = dataset.remarks
    assert first == "read first"
    assert "taken from the last column, 'shop' (there is 'label' too); --target names another" in said


def test_a_target_may_be_named(frame):
    dataset = labelled(frame, "label", PATH)
    assert dataset.y.tolist() == ["a", "b", "a"] and dataset.remarks == ()
    assert dataset.source == "orders.csv, target column 'label'"


@pytest.mark.parametrize(
    ("columns", "target", "says"),
    [
        (["amount", "label"], "lable", "no column 'lable'; did you mean 'label'"),
        (["label"], None, "at least one column besides the target"),
    ],
)
def test_tables_without_such_a_target_are_refused(frame, columns, target, says):
    with pytest.raises(SchemaError, match=says):
        labelled(frame[columns], target, PATH)


def test_one_class_alone_has_to_be_asked_for(frame):
    frame["shop"] = "x"
    with pytest.raises(SchemaError, match="'shop', has one class only"):
        labelled(frame.copy(), None, PATH)
    assert labelled(frame, "shop", PATH).y.tolist() == ["x"] * 3


def test_numbers_with_strays_among_them_are_named(frame):
    frame = pd.concat([frame] * 10, ignore_index=True)
    frame.insert(0, "price", [f"{i}" for i in range(29)] + ["1,000"])
    assert "column 'price' is text because of values like '1,000'" in labelled(frame, "shop", PATH).remarks[0]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["a", None], "1 missing labels"),
        (pd.to_datetime(["2024-01-01", "2024-01-02"]), "dates or durations"),
        (np.array([1j, 2j]), "complex numbers"),
        ([0.5, 1.0], r"measured numbers \(0.5, …\)"),
        ([1.0, np.inf], r"measured numbers"),
        ([f"id{i}" for i in range(20)], "20 different values in 20 rows: an identifier"),
    ],
)
def test_what_cannot_be_classes_is_refused_with_advice(values, says):
    with pytest.raises(SchemaError, match=f"the target has {says}|the target holds {says}"):
        check_labels(pd.Series(values), "the target", "choose another")


@pytest.mark.parametrize("values", [[1.0, 2.0, 1.0], ["a", "b"], [True, False], [f"id{i}" for i in range(5)]])
def test_classes_pass(values):
    check_labels(pd.Series(values), "the target", "choose another")

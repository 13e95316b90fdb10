import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from ganaug.core.errors import SchemaError
from ganaug.data.kind import fit_codec
from ganaug.synthesis.plan import ClassPlan, Plan
from ganaug.synthesis.writers.frame import as_frame, column_dtypes, is_text

TEXT = str(pd.Series(["a"]).dtype)  # object before pandas 3


def shard_of(dtypes):
    planned = ClassPlan(label="yes", folder="yes", index=0, n=2)
    plan = Plan(output="csv", classes=(planned,), target="y", dtypes=dtypes, seed=0, shard_size=9, versions={})
    return next(iter(plan.shards())), plan


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix, pd.DataFrame, np.ndarray.tolist])
def test_the_target_is_the_last_column_and_names_are_text(container):
    frame = as_frame(container(np.eye(2)), *shard_of({"0": "float64", "1": "float64", "y": "str"}))
    assert frame.columns.tolist() == ["0", "1", "y"]
    assert frame["y"].tolist() == ["yes", "yes"] and frame["1"].tolist() == [0, 1]


def test_other_columns_than_planned_are_refused():
    with pytest.raises(SchemaError, match=r"expected the columns \['a', 'y'\]; got \['b', 'y'\]: rename them"):
        as_frame(pd.DataFrame({"b": [1, 2]}), *shard_of({"a": "int64", "y": "str"}))


def test_dtypes_are_those_of_the_columns_and_images_have_none():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    assert column_dtypes(fit_codec(frame), np.array([0, 1]), "y") == {"a": "int64", "b": TEXT, "y": "int64"}
    array = column_dtypes(fit_codec(np.eye(2, dtype=np.float32)), np.array(["a", "b"]), "y")
    assert array == {"0": "float32", "1": "float32", "y": TEXT}
    assert column_dtypes(fit_codec(np.zeros((2, 8, 8), np.uint8)), np.array([0, 1]), "y") == {}


@pytest.mark.parametrize(("values", "text"), [(["a"], True), ([1], False), ([True], False), ([pd.Timestamp(0)], False)])
def test_columns_that_may_hold_text(values, text):
    assert is_text(pd.Series(values)) is text
    assert is_text(pd.Series(values, dtype="category"))

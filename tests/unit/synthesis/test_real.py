import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import ganaug
from ganaug.core.errors import SchemaError
from ganaug.synthesis import real as module
from ganaug.synthesis.plan import ClassPlan, Plan
from ganaug.synthesis.real import RealSamples, digest_of_data, take


@pytest.fixture(scope="module")
def frame():
    return pd.DataFrame({"a": np.arange(10.0), "b": list("xyxyxyxyxy")}), np.arange(10) % 2


@pytest.fixture(scope="module")
def rows(frame):
    return ganaug.train(*frame, max_steps=1, width=8, random_state=0)


def test_a_shard_has_its_rows_in_order_and_in_pieces(rows, frame, monkeypatch):
    monkeypatch.setattr(module, "_PIECE", 2)
    real = RealSamples(rows, *frame, [1])
    planned = ClassPlan(label=1, folder="1", index=0, n=0, n_real=5)
    plan = Plan(output="csv", classes=(planned,), target="y", seed=0, shard_size=3, versions={})
    assert real.counts == {1: 5}
    parts = [[piece["a"].tolist() for piece in real(shard)] for shard in plan.shards()]
    assert parts == [[[1, 3], [5]], [[7, 9]]]


def test_columns_get_the_dtypes_of_the_model(rows, frame):
    X, y = frame
    real = RealSamples(rows, X.astype({"a": "float32"}), y, [0])
    assert real.X.dtypes.to_dict() == X.dtypes.to_dict()


def test_columns_in_another_order_are_put_right(rows, frame):
    X, y = frame
    assert RealSamples(rows, X[["b", "a"]], y, [0]).X.equals(X)


@pytest.mark.parametrize("X", [np.zeros((10, 3)), pd.DataFrame({"a": np.zeros(10), "b": ["new"] * 10})])
def test_what_the_model_does_not_know_is_refused(rows, frame, X):
    with pytest.raises(SchemaError):
        RealSamples(rows, X, frame[1], [0])


@pytest.mark.parametrize("container", [np.asarray, pd.DataFrame, sparse.csr_matrix, np.ndarray.tolist])
def test_a_part_stays_in_its_container(container):
    X = container(np.arange(8.0).reshape(4, 2))
    part = take(X, np.array([2, 0]))
    assert type(part) is type(X)
    assert np.asarray(part.toarray() if sparse.issparse(part) else part).tolist() == [[4, 5], [0, 1]]


def test_digests_tell_data_apart():
    values = [np.zeros(2), np.zeros((1, 2)), np.zeros(2, np.float32), np.ones(2), np.array(["a", None], object)]
    values += [pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [2]})]
    assert len({digest_of_data(value) for value in values}) == len(values)
    assert digest_of_data(pd.DataFrame({"a": [1]}, index=[7])) == digest_of_data(pd.DataFrame({"a": [1]}))

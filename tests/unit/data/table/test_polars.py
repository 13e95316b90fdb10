import datetime

import numpy as np
import pytest

import ganaug
from ganaug import GANOverSampler
from ganaug.core.errors import SchemaError

polars = pytest.importorskip("polars")


@pytest.fixture
def frame():
    n, start = 60, datetime.datetime(2024, 3, 1)
    rng = np.random.default_rng(0)
    moments = [start + datetime.timedelta(hours=5 * i) for i in range(n)]
    zoned = polars.Series(moments).dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Berlin")
    return polars.DataFrame(
        {
            "float": rng.normal(size=n).astype(np.float32),
            "integer": rng.integers(0, 9, n).astype(np.int16),
            "gaps": [None if i % 7 == 0 else i for i in range(n)],
            "flag": [None if i % 5 == 0 else i % 2 == 0 for i in range(n)],
            "text": [["x", "y", None][i % 3] for i in range(n)],
            "level": polars.Series(["u", "v", "w"] * 20, dtype=polars.Categorical),
            "grade": polars.Series(["u", "v", "w"] * 20, dtype=polars.Enum(["w", "v", "u", "z"])),
            "day": [None if i % 9 == 0 else moment.date() for i, moment in enumerate(moments)],
            "moment": moments,
            "zoned": zoned,
            "wait": [datetime.timedelta(minutes=i) for i in range(n)],
        }
    )


@pytest.fixture
def labels():
    return polars.Series("label", ["no"] * 45 + ["yes"] * 15)


def test_a_frame_comes_back_as_a_frame_with_its_dtypes(frame, labels):
    X, y = GANOverSampler(max_steps=3, random_state=0).fit_resample(frame, labels)
    assert X.schema == frame.schema and X.height == len(y) == 90
    assert X[:60].equals(frame) and y[:60].equals(labels) and y.name == "label"
    assert y[60:].to_list() == ["yes"] * 30
    new = X[60:]
    assert new["integer"].is_between(0, 9).all() and new["grade"].is_in(["u", "v", "w"]).all()
    assert new["moment"].is_between(frame["moment"].min(), frame["moment"].max()).all()
    assert new["float"].null_count() == 0


def test_labels_may_be_of_another_library(frame, labels):
    X, y = GANOverSampler(max_steps=3, random_state=0).fit_resample(frame, labels.to_numpy())
    assert isinstance(X, polars.DataFrame) and isinstance(y, np.ndarray)
    X, y = GANOverSampler(max_steps=3, random_state=0).fit_resample(frame[["float", "integer"]].to_numpy(), labels)
    assert isinstance(X, np.ndarray) and isinstance(y, polars.Series)


def test_a_model_learns_from_a_frame(frame, labels):
    gan = ganaug.train(frame, labels, max_steps=2, random_state=0)
    assert list(gan.sample(3, label="yes", random_state=0).columns) == frame.columns
    assert gan.classes.target == "label"


def test_what_cannot_be_learnt_is_refused_before_training(frame, labels):
    with pytest.raises(SchemaError, match=r"collect\(\) it first"):
        GANOverSampler().fit_resample(frame.lazy(), labels)
    with pytest.raises(SchemaError, match="column 'lists' holds List"):
        GANOverSampler().fit_resample(frame.with_columns(lists=polars.Series([[1]] * 60)), labels)

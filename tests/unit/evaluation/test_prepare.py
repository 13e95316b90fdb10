import numpy as np
import pandas as pd
import pytest

import ganaug
from ganaug.core.errors import ConfigError, SchemaError
from ganaug.evaluation.prepare import describe, doubts, prepare


@pytest.fixture(scope="module")
def data():
    """Held-out rows and training rows, with a level and a gap that one part alone has."""
    rng = np.random.default_rng(0)

    def rows(n, level):
        y = np.repeat(["usual", "rare"], [n, n // 4])
        frame = pd.DataFrame({"a": rng.normal(size=len(y)), "k": rng.choice(["x", "y"], len(y))})
        frame.loc[0, "k"] = level
        return frame, y

    (X_test, y_test), (X, y) = rows(20, "only held out"), rows(40, "only learnt")
    return X_test, y_test, X, y


def test_everything_is_encoded_in_one_way_that_knows_all_levels(data):
    X_test, y_test, X, y = data
    made = X[:10].assign(k="nowhere"), y[:10]
    prepared = prepare(made, *data, "auto", 0)
    assert prepared.x.shape[1] == prepared.x_test.shape[1] == prepared.x_made.shape[1]
    assert prepared.names == {0: "rare", 1: "usual"} and prepared.made_names == {1: "usual"}
    assert prepared.columns == ("a", "k")
    assert [rule.text for rule in prepared.rules] == ["k has no level 'nowhere'"]


def test_a_model_makes_as_many_as_fill_the_classes(data):
    X_test, y_test, X, y = data
    gan = ganaug.train(X, y, max_steps=1, random_state=0)
    prepared = prepare(gan, *data, "auto", 0)
    assert np.bincount(prepared.c_made).tolist() == [30, 40]
    told = describe(prepared, gan)
    assert told["source"] == "model (not saved), 1 steps"
    assert told["training"] == {"rare": 10, "usual": 40} and told["held out"] == {"rare": 5, "usual": 20}
    assert doubts(gan, prepared.classes) == []
    other = ganaug.train(X[:-1], y[:-1], max_steps=1, random_state=0)
    assert "trained on other data than X_train" in doubts(other, prepared.classes)[0]


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"source": 3}, ConfigError, "expected a Synthesizer, the path of a checkpoint, or .X, y.; got int"),
        ({"y_test": ["odd"] * 25}, SchemaError, "y_test has a class that y_train has not"),
        ({"y_test": ["rare"] * 3}, SchemaError, "test: 25 samples have 3 labels"),
        ({"X_test": np.zeros((25, 2))}, SchemaError, "must be of one kind"),
    ],
)
def test_data_that_do_not_fit_together_are_refused(data, change, error, says):
    given = dict(zip(("X_test", "y_test", "X_train", "y_train"), data, strict=True))
    given |= {"source": (data[2], data[3])} | change
    with pytest.raises(error, match=says):
        prepare(kind="auto", seed=0, **given)

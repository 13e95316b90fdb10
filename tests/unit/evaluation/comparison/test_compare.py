import json
import warnings

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import ADASYN
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import TimeSeriesSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import ganaug
from ganaug.core.errors import ConfigError, SchemaError
from ganaug.evaluation.comparison.compare import compare

QUICK = {"samplers": {"GANOverSampler": None}, "cv": 2, "repeats": 1, "random_state": 0}


def normal(frequent=475, rare=25, apart=0.9, dim=4, seed=0):
    """Two normal classes of one shape: a linear model is right for them, but for its threshold."""
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], [frequent, rare])
    return rng.normal(size=(len(y), dim)) + apart * y[:, None], y


@pytest.fixture(scope="module")
def found():
    gan = {"GANOverSampler": ganaug.GANOverSampler(max_steps=5)}
    return compare(LogisticRegression(), *normal(), repeats=1, samplers=gan, random_state=0)


def test_a_threshold_is_enough_where_only_the_threshold_is_wrong(found):
    assert found.remedy == "moved threshold"
    assert found.answer.startswith("Move the threshold to 0.")
    assert "nothing else is better with 95 % confidence" in found.answer
    assert 0 < found.threshold < 0.3


def test_every_remedy_is_tried_in_the_order_of_simplicity(found):
    order = ["nothing", "moved threshold", "class weights", "random over-sampling", "SMOTE", "GANOverSampler"]
    assert found.table.index.tolist() == order and found.left_out == {}
    assert found.folds.groupby("remedy").size().tolist() == [5] * 6
    json.dumps(found.to_dict(), allow_nan=False)
    assert str(found).startswith(found.answer) and "<table" in found._repr_html_()


def test_the_model_does_what_is_advised(found):
    X, y = normal(seed=1)
    plain = LogisticRegression().fit(*normal())
    model = clone(found.model).fit(*normal())
    assert (model.predict(X) == (plain.predict_proba(X)[:, 1] >= found.threshold)).all()


def test_nothing_is_advised_where_nothing_helps():
    X, y = normal(apart=0)
    assert compare(LogisticRegression(), X, y, **QUICK | {"cv": 5}).answer.startswith(
        "Change nothing: no remedy is better"
    )


def test_a_sampler_is_advised_where_only_new_rows_help():
    X, y = normal(900, 100, apart=0.4, dim=20)
    found = compare(KNeighborsClassifier(1), X, y, **QUICK | {"cv": 5})
    assert found.remedy == "SMOTE"
    assert found.model.fit(X, y).predict(X).mean() > 0.05


def test_the_rarer_of_two_named_classes_is_the_positive_one():
    X, y = normal()
    named = np.array(["usual", "fraud"])[y]
    first = compare(LogisticRegression(), X, named, scoring="f1", **QUICK)
    second = compare(LogisticRegression(), X, y, scoring="f1", **QUICK)
    pd.testing.assert_frame_equal(first.table.drop(columns="seconds"), second.table.drop(columns="seconds"))
    assert set(first.model.fit(X, named).predict(X)) <= {"usual", "fraud"}


def test_what_cannot_be_tried_is_named_with_the_reason():
    X, y = normal()
    found = compare(KNeighborsClassifier(), X, y, scoring="roc_auc", **QUICK)
    assert found.left_out["moved threshold"] == "the score does not depend on a threshold"
    assert found.left_out["class weights"] == "the classifier takes neither class_weight nor sample_weight"
    three = compare(LogisticRegression(), X, np.arange(500) % 3, **QUICK)
    assert three.left_out["moved threshold"] == "a threshold needs two classes; there are 3"
    X[0, 0] = np.nan
    gaps = compare(HistGradientBoostingClassifier(max_iter=2), X, y, **QUICK)
    assert gaps.left_out["SMOTE"].startswith("ValueError: Input X contains NaN")
    assert "SMOTE" not in set(gaps.folds["remedy"])


def test_samplers_metrics_and_containers_of_the_user():
    X, y = normal(475, 40)
    scorer = make_scorer(f1_score, zero_division=0.0)
    options = {"scoring": scorer, "repeats": 1, "random_state": 0}
    found = compare(GaussianNB(), X.tolist(), y.tolist(), samplers=[ADASYN()], cv=2, **options)
    assert found.table.index.tolist()[-3:] == ["SMOTE", "ADASYN", "GANOverSampler"]
    assert found.score == "f1 score"
    pipeline = make_pipeline(StandardScaler(with_mean=False), LogisticRegression())
    thin = compare(pipeline, sparse.csr_matrix(X), y, **QUICK)
    assert set(thin.table.index) == {"nothing", "moved threshold", "class weights", "random over-sampling", "SMOTE"}
    assert thin.model.fit(sparse.csr_matrix(X), y).predict(sparse.csr_matrix(X)).shape == y.shape


def test_a_budget_makes_fewer_splits_and_says_so():
    told = []
    X, y = normal()
    found = compare(
        LogisticRegression(), X, y, **QUICK | {"repeats": 3, "budget": 1e-3}, progress=lambda *n: told.append(n)
    )
    assert found.described["splits"] == 2 and found.described["planned"] == 6
    assert any("The budget was enough for 2 of 6 splits" in note for note in found.notes)
    assert told[0] == (0, 30) and told[-1] == (30, 30)


def test_the_same_seed_gives_the_same_answer_and_global_generators_stay():
    X, y = normal()
    before = np.random.get_state()[1].copy()
    first, second = (compare(DecisionTreeClassifier(), X, y, **QUICK) for _ in range(2))
    pd.testing.assert_frame_equal(first.table.drop(columns="seconds"), second.table.drop(columns="seconds"))
    assert (np.random.get_state()[1] == before).all()


def test_warnings_of_the_libraries_are_told_once():
    def warn(y, p):
        warnings.warn("odd data", stacklevel=1)
        return 1.0

    X, y = normal()
    found = compare(LogisticRegression(), X, y, scoring=make_scorer(warn), **QUICK)
    assert sum("nothing: odd data" in note for note in found.notes) == 1


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"X": np.zeros((500, 8, 8))}, SchemaError, "For images, GANOverSampler"),
        ({"y": np.zeros(500, int)}, SchemaError, "a single class"),
        ({"y": np.linspace(0, 1, 500)}, SchemaError, "continuous target"),
        ({"cv": 30}, SchemaError, "class 1 has 25 samples, fewer than the 30 folds: give cv=25"),
        ({"cv": 1}, ConfigError, "cv must be 2 or more"),
        ({"cv": TimeSeriesSplit(3)}, SchemaError, "split 1 of 3 has no sample of class 1 to learn from"),
        ({"scoring": "balanced_accurac"}, ConfigError, "did you mean 'balanced_accuracy'"),
        ({"repeats": 0}, ConfigError, "repeats must be a positive integer"),
        ({"budget": 0}, ConfigError, "budget must be a positive number of seconds"),
        ({"groups": [1, 2]}, ConfigError, "groups must have shape"),
        ({"samplers": {"odd": 3}}, ConfigError, "expected imbalanced-learn samplers"),
        ({"estimator": StandardScaler()}, ConfigError, "must be a classifier"),
    ],
)
def test_wrong_input_says_what_was_expected(change, error, message):
    X, y = normal()
    given = {"estimator": LogisticRegression(), "X": X, "y": y} | QUICK | change
    with pytest.raises(error, match=message):
        compare(given.pop("estimator"), given.pop("X"), given.pop("y"), **given)

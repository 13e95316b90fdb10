"""Rows: how estimators are stored, tuned and fed."""

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

pytestmark = pytest.mark.filterwarnings("ignore:::(?!ganaug)")  # what other libraries say of each other


def test_skops_stores_a_fitted_sampler(rows, sampler):
    skops = pytest.importorskip("skops.io")
    sampler.fit_resample(*rows)
    stored = skops.dumps(make_pipeline(sampler, DecisionTreeClassifier(random_state=0)).fit(*rows))
    again = skops.loads(stored, trusted=skops.get_untrusted_types(data=stored))
    expected = sampler.mixture_.sample(5, label=1, random_state=0)
    found = again[0].mixture_.sample(5, label=1, random_state=0)
    pd.testing.assert_frame_equal(found, expected)
    assert again.predict(rows[0]).shape == (80,)


@pytest.mark.parametrize("format", ["skops", "cloudpickle"])
def test_mlflow_logs_a_pipeline(rows, sampler, tmp_path, monkeypatch, format):
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("skops")
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/runs.db")
    model = make_pipeline(sampler, DecisionTreeClassifier(random_state=0)).fit(*rows)
    trusted = {"skops_trusted_types": _untrusted(model)} if format == "skops" else {}
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(model, name="model", serialization_format=format, **trusted)
    loaded = mlflow.sklearn.load_model(logged.model_uri)
    np.testing.assert_array_equal(loaded.predict(rows[0]), model.predict(rows[0]))


def _untrusted(model):
    import skops.io

    return skops.io.get_untrusted_types(data=skops.io.dumps(model))


@pytest.mark.parametrize(("module", "name"), [("xgboost", "XGBClassifier"), ("lightgbm", "LGBMClassifier")])
def test_boosted_trees_in_a_pipeline(rows, sampler, module, name):
    booster = getattr(pytest.importorskip(module), name)(n_estimators=20)
    model = make_pipeline(sampler, booster).fit(*rows)
    assert (model.predict(rows[0]) == rows[1]).mean() > 0.8


def test_optuna_tunes_the_gan(rows, sampler):
    optuna = pytest.importorskip("optuna")
    from sklearn.model_selection import cross_val_score

    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def objective(trial):
        sampler.set_params(
            config__focus=trial.suggest_float("focus", 0, 1), sampling_strategy=trial.suggest_float("s", 0.5, 1)
        )
        return cross_val_score(make_pipeline(sampler, DecisionTreeClassifier()), *rows, cv=2).mean()

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(0))
    study.optimize(objective, n_trials=2)
    assert study.best_value > 0.8


def test_polars_in_and_out(rows, sampler):
    polars = pytest.importorskip("polars")
    X, y = polars.from_pandas(rows[0]), polars.Series("y", rows[1])
    X_new, y_new = sampler.fit_resample(X, y)
    assert isinstance(X_new, polars.DataFrame)
    assert X_new.schema == X.schema
    assert X_new[:80].equals(X)
    assert len(y_new) == len(X_new) == 120

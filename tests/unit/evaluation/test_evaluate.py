import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import ganaug
from ganaug.core.errors import CheckpointError, ConfigError, LeakageError, PluginNotFoundError, SchemaError
from ganaug.evaluation.evaluate import evaluate

LINEAR = {"classifier": LogisticRegression(), "repeats": 1, "random_state": 0}


def planted():
    path = Path(__file__).parents[3] / "examples" / "benchmarks" / "evaluation.py"
    spec = spec_from_file_location("planted_truth", path)
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PLANTED = planted()
SETS = {name: (cases, parts) for name, cases, parts in PLANTED.data_sets(None, 0)}
QUICK = [
    ("clusters", "leak"), ("clusters", "few copied"), ("clusters", "shuffled column"), ("clusters", "5 held"),
    ("clusters", "new level"), ("clusters", "split leak"), ("digits 3 and 8", "mirrored"),
]  # fmt: skip


def check(name, case):
    cases, parts = SETS[name]
    wrong = [row["said"] for row in PLANTED.verdicts(cases[case], parts, 0) if not row["right"]]
    assert not wrong, wrong


@pytest.mark.parametrize(("name", "case"), QUICK)
def test_planted_truth_is_found(name, case):
    check(name, case)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "case"), [(name, case) for name, (cases, _) in SETS.items() for case in cases])
def test_every_planted_truth_is_found(name, case):
    check(name, case)


def rows(n, rare, seed):
    rng = np.random.default_rng(seed)
    y = np.repeat(["usual", "rare"], [n, rare])
    return pd.DataFrame(rng.normal(size=(n + rare, 3)) + 2 * (y == "rare")[:, None], columns=["a", "b", "c"]), y


@pytest.fixture(scope="module")
def parts():
    """Held-out rows, training rows, and a GAN of the latter."""
    (X_test, y_test), (X, y) = rows(120, 40, 1), rows(120, 40, 0)
    return ganaug.train(X, y, max_steps=30, random_state=0), X_test, y_test, X, y


@pytest.fixture(scope="module")
def found(parts):
    return evaluate(*parts, **LINEAR)


def test_a_model_is_judged_on_every_question(found, parts):
    assert list(found) == ["fidelity", "utility", "privacy"]
    assert found.described["training"] == {"rare": 40, "usual": 120}
    assert found.described["synthetic"] == {"rare": 80, "usual": 120}
    assert found.described["kind"] == "table" and found.described["notes"] == []
    json.dumps(found.to_dict(), allow_nan=False)


def test_what_a_report_draws_from_is_there(found):
    for source in ("training", "held out", "synthetic"):
        assert found.gallery[source]["rare"].columns.tolist() == ["a", "b", "c"]
    projection, columns = found["fidelity"].drawn["projection"], found["fidelity"].drawn["columns"]
    assert set(projection["source"]) == {"training", "held out", "synthetic"}
    assert set(projection["subject"]) == {"rare", "usual"}
    assert set(columns["column"]) == {"a", "b", "c"}
    assert set(columns["subject"]) == {"rare", "usual", "all classes"}


def test_the_same_seed_gives_the_same_numbers_and_global_generators_stay(found, parts):
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    again = evaluate(*parts, **LINEAR)
    pd.testing.assert_frame_equal(found.to_frame(), again.to_frame())
    assert torch.equal(torch.get_rng_state(), before[0]) and (np.random.get_state()[1] == before[1]).all()


def test_a_checkpoint_and_its_samples_are_judged_alike(found, parts, tmp_path):
    gan, *data = parts
    gan.save(tmp_path / "model.safetensors")
    read = evaluate(tmp_path / "model.safetensors", *data, questions=["privacy"], random_state=0)
    expected = found["privacy"].to_frame()
    pd.testing.assert_frame_equal(read["privacy"].to_frame()["metric"].to_frame(), expected["metric"].to_frame())
    assert read["privacy"]["distance ratio"] == found["privacy"]["distance ratio"]
    assert read.described["source"].startswith(f"model {gan.sha256[:12]}")


def test_test_rows_in_the_training_data_are_refused(parts):
    gan, X_test, y_test, X, y = parts
    with pytest.raises(LeakageError, match="30 of 160 held-out samples"):
        evaluate(gan, X_test, y_test, pd.concat([X, X_test[:30]]), np.r_[y, y_test[:30]])
    with pytest.raises(LeakageError, match="160 of 160"):
        evaluate(gan, X, y, X, y)
    with pytest.raises(LeakageError, match="among the synthetic samples"):
        evaluate((X_test, y_test), X_test, y_test, X, y)


def test_images_that_leak_are_refused(digit_images):
    images, labels = digit_images
    with pytest.raises(LeakageError, match="9 of 30 held-out samples"):
        evaluate((images[:5] + 1, labels[:5]), images[60:], labels[60:], images[:69], labels[:69])


def test_a_model_of_other_data_is_noted(parts):
    gan, X_test, y_test, X, y = parts
    found = evaluate(gan, X_test, y_test, X[:-5], y[:-5], questions=["privacy"], random_state=0)
    assert any("trained on other data than X_train" in note for note in found.described["notes"])
    assert "note: The model was trained on other data" in str(found)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"source": 3}, ConfigError, "expected a Synthesizer, the path of a checkpoint, or .X, y.; got int"),
        ({"source": "none.safetensors"}, CheckpointError, "none.safetensors"),
        ({"questions": ["privcy"]}, ConfigError, "did you mean 'privacy'"),
        ({"questions": []}, ConfigError, "questions is empty"),
        ({"score": "accuracy"}, ConfigError, "score must be one of balanced accuracy, recall of rare classes"),
        ({"repeats": 0}, ConfigError, "repeats must be a positive integer"),
        ({"metrics": ["frechett"]}, PluginNotFoundError, "did you mean 'frechet'"),
        ({"features": "inception"}, ConfigError, "features must be a torch.nn.Module"),
        ({"features": torch.nn.Linear(9, 2)}, ConfigError, r"features cannot take float32 of shape \(n, 3\)"),
        ({"y_test": ["odd"] * 160}, SchemaError, "y_test has a class that y_train has not"),
        ({"y_test": ["rare"] * 3}, SchemaError, "test: 160 samples have 3 labels"),
        ({"X_test": np.zeros((160, 3))}, SchemaError, "X_train and X_test must be of one kind"),
        ({"X_test": rows(120, 40, 1)[0][["b", "a", "c"]]}, SchemaError, "same columns in the same order"),
        ({"source": (rows(9, 9, 3)[0][["a", "b"]], rows(9, 9, 3)[1])}, SchemaError, "synthetic samples are not like"),
        ({"source": (rows(9, 9, 3)[0], ["odd"] * 18)}, SchemaError, "the synthetic y has a class"),
    ],
)
def test_wrong_input_says_what_was_expected(parts, change, error, message):
    given = dict(zip(("source", "X_test", "y_test", "X_train", "y_train"), parts, strict=True)) | change
    with pytest.raises(error, match=message):
        evaluate(**given, **({"questions": ["fidelity"]} if "questions" not in change else {}))


def test_features_and_metrics_of_the_user_are_used(parts):
    gan, *data = parts
    halved = torch.nn.Linear(3, 3, bias=False)
    torch.nn.init.constant_(halved.weight, 0)
    with torch.no_grad():
        halved.weight[0, 0] = 0.5
    found = evaluate(gan, *data, questions=["fidelity"], features=halved, metrics=["frechet"], random_state=0)
    plain = evaluate(gan, *data, questions=["fidelity"], metrics=["frechet"], random_state=0)
    assert 0 < found["fidelity"]["Fréchet distance"].value < plain["fidelity"]["Fréchet distance"].value
    assert (
        "Fréchet distance" not in evaluate(gan, *data, questions=["fidelity"])["fidelity"].to_frame()["metric"].tolist()
    )


def test_every_kind_of_column_is_judged(mixed_frame):
    frame, target = mixed_frame
    X, X_test, y, y_test = train_test_split(frame, target, test_size=0.5, stratify=target, random_state=0)
    made = ganaug.train(X, y, max_steps=3, random_state=0).sample(labels=y, random_state=0)
    found = evaluate((made, y), X_test, y_test, X, y, **LINEAR)
    assert set(found["fidelity"].drawn["columns"]["column"]) == set(frame.columns) - {"unit"}  # a constant
    assert found.gallery["synthetic"]["rare"].dtypes.astype(str)["level"] == "category"
    json.dumps(found.to_dict(), allow_nan=False)
    assert "<table" in found._repr_html_()


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix, np.ndarray.tolist])
def test_every_container_is_judged(parts, container):
    gan, X_test, y_test, X, y = parts
    made = container(gan.sample(labels=y, random_state=0).to_numpy())
    data = container(X_test.to_numpy()), y_test.tolist(), container(X.to_numpy()), y.tolist()
    found = evaluate((made, y), *data, questions=["privacy"], random_state=0)
    assert found["privacy"].verdict.grade in ("good", "doubtful")


def test_images_are_judged_by_a_network_of_their_own(digit_images, monkeypatch):
    rng = np.random.default_rng(0)
    images, labels = digit_images
    X, X_test, y, y_test = train_test_split(images, labels, test_size=1 / 3, stratify=labels, random_state=0)
    made = rng.permutation(X_test.reshape(30, -1).T).T.reshape(30, 8, 8)  # shuffled pixels: no digits
    monkeypatch.setattr("ganaug.evaluation.features._STEPS", 20)
    found = evaluate((made, y_test), X_test, y_test, X, y, questions=["fidelity", "privacy"], random_state=0)
    metrics = {"Fréchet distance", "KID", "Inception score", "coverage", "C2ST AUC"}
    assert metrics < set(found["fidelity"].to_frame()["metric"])
    assert found["fidelity"].verdict.grade == "bad"
    assert found.gallery["synthetic"]["1"].shape == (10, 8, 8)
    assert found.gallery["synthetic"]["1"].dtype == np.uint8
    assert any("crude" in note for note in found["fidelity"].notes)


def test_classes_without_enough_samples_are_named_or_leave_it_open(parts):
    _, X_test, y_test, X, y = parts
    made = rows(60, 4, 5)
    found = evaluate(made, X_test, y_test, X, y, questions=["fidelity"], random_state=0)
    assert any("Fidelity of rare is not judged" in note for note in found["fidelity"].notes)
    few = evaluate((made[0][-4:], made[1][-4:]), X_test, y_test, X, y, questions=["fidelity", "privacy"])
    assert {answer.verdict.grade for answer in few.values()} == {"cannot be judged"}


def test_large_training_data_are_thinned_for_classifiers_but_rare_classes_are_not(monkeypatch):
    from ganaug.evaluation import evaluate as module

    monkeypatch.setattr(module, "_MAX_TAUGHT", 200)
    c = np.repeat([0, 1, 2], [1000, 400, 20])
    assert np.bincount(c[module._thinned(c)])[2] == 20
    assert 180 < len(module._thinned(c)) <= 200


def test_the_mixture_of_the_sampler_is_judged_like_a_model():
    (X_test, y_test), (X, y) = rows(120, 40, 1), rows(120, 40, 0)
    sampler = ganaug.GANOverSampler(max_steps=20, random_state=0)
    sampler.fit_resample(X, y)
    found = evaluate(sampler.mixture_, X_test, y_test, X, y, questions=["privacy"], random_state=0)
    assert found.described["training"] == {"rare": 40, "usual": 120}
    assert found["privacy"].verdict.grade in ("good", "doubtful", "bad", "cannot be judged")

"""The whole way on the bundled digits: train, sample, save, load, over-sample, classify."""

from collections import Counter

import numpy as np
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.datasets import load_digits
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

import ganaug
from ganaug.evaluation.fidelity.prdc import nearest_distances, prdc
from ganaug.evaluation.quick import compare_with_training


@pytest.fixture(scope="module")
def digits():
    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    X, y = data.images[order], data.target[order]
    return X[:1400], y[:1400], X[1400:], y[1400:]


@pytest.fixture(scope="module")
def short_gan(digits):
    """120 steps, a few seconds: already digits, not yet good ones."""
    return ganaug.train(digits[0], digits[1], max_steps=120, random_state=0)


def test_a_short_training_already_makes_digits_of_the_class(digits, short_gan):
    X, y = digits[:2]
    threes = short_gan.sample(300, label=3, random_state=0)
    assert threes.shape == (300, 8, 8) and threes.dtype == X.dtype
    assert set(np.unique(threes)) <= set(range(17))
    codec = short_gan.codec
    found = compare_with_training(codec, (codec.encode(X), y), {3: codec.encode(threes)}, {3: "three"})
    assert found["agreement"].value > 0.6
    assert found["coverage"].value > 0.2


def test_what_is_loaded_is_what_was_saved(short_gan, tmp_path):
    path = tmp_path / "digits.safetensors"
    short_gan.save(path)
    loaded = ganaug.load(path)
    expected = short_gan.sample(50, label=7, random_state=1)
    np.testing.assert_array_equal(loaded.sample(50, label=7, random_state=1), expected)
    assert loaded.history["d_loss"] == short_gan.history["d_loss"]
    assert repr(loaded) == repr(short_gan)


def test_the_same_training_gives_the_same_file(digits, tmp_path):
    digests = []
    for name in ("a", "b"):
        gan = ganaug.train(digits[0][:200], digits[1][:200], max_steps=3, random_state=0)
        digests.append(gan.save(tmp_path / name))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert digests[0] == digests[1]


def test_a_pipeline_on_digits_with_rare_classes(digits):
    X, y, X_test, y_test = digits
    rng = np.random.default_rng(0)
    kept = np.concatenate([rng.permutation(np.flatnonzero(y == c))[: 12 if c >= 5 else 100] for c in range(10)])
    flat = FunctionTransformer(lambda images: images.reshape(len(images), -1))
    sampler = ganaug.GANOverSampler(max_steps=100, sources={"gan": 1}, random_state=0)
    model = make_pipeline(sampler, flat, SVC()).fit(X[kept], y[kept])
    assert model.score(X_test, y_test) > 0.8
    assert Counter(sampler.fit_resample(X[kept], y[kept])[1]) == dict.fromkeys(range(10), 100)


@pytest.mark.slow
def test_the_threes_are_good_various_and_not_copied(digits):
    X, y, X_test, y_test = digits
    gan = ganaug.train(X, y, random_state=0)
    flat = lambda images: images.reshape(len(images), -1)  # noqa: E731
    threes = flat(gan.sample(5000, label=3, random_state=0))
    everything, labels = flat(np.concatenate([X, X_test])), np.concatenate([y, y_test])
    judge = SVC(gamma=0.001).fit(everything, labels)
    assert (judge.predict(threes) == 3).mean() >= 0.97
    assert prdc(everything[labels == 3], threes, k=5).coverage >= 0.80
    training, unseen = flat(X[y == 3]), flat(X_test[y_test == 3])
    copied = np.median(nearest_distances(threes, training)) / np.median(nearest_distances(unseen, training))
    assert copied >= 0.8

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

import ganaug
from ganaug.models.classifier import batch_weights, classify
from ganaug.oversampling import judge as share
from ganaug.oversampling.judge import ShareChoice, choose_share


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(n_class=3, return_X_y=True)
    kept = np.concatenate([np.flatnonzero(y == k)[:n] for k, n in enumerate((100, 100, 24))])
    return (X[kept].reshape(-1, 8, 8) / 16).astype(np.float32), np.array(["zero", "one", "two"])[y[kept]]


def test_weights_are_equal_by_class_and_shared_with_synthetic_images():
    labels = np.array([0, 0, 0, 1, 1, 1, 1])
    synthetic = np.array([False] * 4 + [True] * 3)
    weights = batch_weights(labels, synthetic, 0.25)
    np.testing.assert_allclose(weights[:3], 1 / 6)
    np.testing.assert_allclose(weights[3:], [0.375, *[0.125 / 3] * 3])


def test_the_classifier_learns_repeats_and_leaves_torch_alone(digits):
    X, y = digits
    images, labels = 2 * X[:, None] - 1, np.unique(y, return_inverse=True)[1]
    weights = batch_weights(labels, np.zeros(len(labels), bool), 0.0)
    before = torch.get_rng_state()
    first, second = (classify(images, labels, weights, images, steps=40, seed=1) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(first, second)
    assert np.mean(first == labels) > 0.9


@pytest.mark.parametrize("useful", [True, False])
def test_a_share_is_chosen_only_if_it_is_clearly_better(digits, monkeypatch, useful):
    rng = np.random.default_rng(0)
    split = share.train_test_split
    held, calls = [], []

    def remembered(positions, **options):
        taught, unseen = split(positions, **options)
        held.append(options["stratify"][unseen])
        return taught, unseen

    def judged(*arguments, **options):
        accuracy = 0.95 if useful and calls else 0.4  # the first is without synthetic images
        calls.append(arguments)
        return np.where(rng.random(len(held[0])) < accuracy, held[0], (held[0] + 1) % 3)

    monkeypatch.setattr(share, "train_test_split", remembered)
    monkeypatch.setattr(share, "classify", judged)
    choice = choose_share(*digits, max_steps=2, random_state=0)
    assert (choice.share > 0) == useful
    assert str(choice).startswith("use share=0." if useful else "synthetic images did not clearly help: use share=0 ")


def test_nothing_held_out_is_learnt_from(digits, monkeypatch):
    seen = []
    real_train, real_classify = share.train, share.classify

    def train(X, y, **settings):
        seen.append({image.tobytes() for image in np.asarray(X)})
        return real_train(X, y, **settings)

    def watched(images, labels, weights, unseen, **options):
        held = {((image[0] + 1) / 2).tobytes() for image in unseen}
        assert not held & seen[0]
        assert not {image.tobytes() for image in images} & {image.tobytes() for image in unseen}
        return real_classify(images, labels, weights, unseen, **options)

    monkeypatch.setattr(share, "classify", watched)
    choice = choose_share(*digits, shares=(0.5,), classifier_steps=2, fit=train, max_steps=2, random_state=0)
    assert set(choice.recall) == {0.0, 0.5} and choice.error[0.0] == 0


def test_the_same_seed_gives_the_same_choice(digits):
    found = [choose_share(*digits, classifier_steps=3, max_steps=2, random_state=4) for _ in range(2)]
    assert found[0] == found[1]
    assert isinstance(found[0], ShareChoice)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X.reshape(len(X), -1), y), "expected images"),
        (lambda X, y: (X[:200], y[:200]), "no class is rare"),
        (lambda X, y: (X[:210], y[:210]), "class 'two' has 10 images; 12 are needed"),
        (lambda X, y: (X, y[1:]), "224 samples, y has 223 labels"),
    ],
)
def test_what_cannot_be_judged_is_refused(digits, change, message):
    with pytest.raises(ganaug.SchemaError, match=message):
        choose_share(*change(*digits))


@pytest.mark.parametrize("options", [{"shares": (0.5, 1.0)}, {"holdout": 0.0}])
def test_shares_out_of_range_are_refused(digits, options):
    with pytest.raises(ganaug.ConfigError, match="must be in"):
        choose_share(*digits, **options)

import numpy as np
import pytest
import torch

import ganaug
from ganaug.training.callbacks import Callback


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (60, 3)), rng.normal(3, 1, (40, 3))])
    return X, np.repeat([0, 1], [60, 40])


class Spoil(Callback):
    """Ruins the averaged generator from a step on."""

    def __init__(self, step):
        self.step = step

    def on_record(self, trainer):
        if trainer.gan.step >= self.step:
            with torch.no_grad():
                for weight in trainer.generator_ema.parameters():
                    weight.mul_(0).add_(5)


def test_the_generator_from_before_it_was_spoilt_is_kept(rows):
    X, y = rows
    best = ganaug.KeepBest(X[1::2], y[1::2], every=1)
    gan = ganaug.train(
        X[::2], y[::2], max_steps=60, quality="oversampling", callbacks=[Spoil(40), best], random_state=0
    )
    assert gan.step == 60 and 0 < best.step <= 40
    same = ganaug.train(X[::2], y[::2], max_steps=60, quality="oversampling", callbacks=[Spoil(40)], random_state=0)
    assert np.ptp(same.sample(50, label=0, random_state=0), axis=0).max() < 1e-3
    assert np.ptp(gan.sample(50, label=0, random_state=0), axis=0).min() > 0.5


def test_training_ends_when_nothing_comes_nearer(rows):
    X, y = rows
    best = ganaug.KeepBest(X[1::2], y[1::2], every=1, patience=5)
    gan = ganaug.train(X[::2], y[::2], max_steps=200, callbacks=[Spoil(20), best], random_state=0)
    assert best.step <= 20 and gan.step < 60
    assert [step for step in best.distances if step > best.step] == sorted(best.distances)[-5:]


def test_it_leaves_training_as_it_is(rows):
    X, y = rows
    watched = ganaug.train(X, y, max_steps=30, callbacks=[ganaug.KeepBest(X, y, every=1)], random_state=0)
    alone = ganaug.train(X, y, max_steps=30, random_state=0)
    assert watched.history["d_loss"] == alone.history["d_loss"]


def test_one_held_out_sample_of_a_class_is_too_few(rows):
    X, y = rows
    with pytest.raises(ganaug.SchemaError, match="at least 2 held-out samples of class .*1.*; got 1"):
        ganaug.train(X, y, max_steps=3, callbacks=[ganaug.KeepBest(X[:61], y[:61])], random_state=0)

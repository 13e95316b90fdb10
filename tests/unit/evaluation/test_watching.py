import numpy as np
import pytest
import torch

import ganaug
from ganaug.data.encoded import encode
from ganaug.evaluation.watching import RareFidelity
from ganaug.training.trainer import Trainer


def measured(y, generator=None, **settings):
    X = np.random.default_rng(0).normal(size=(len(y), 3)) + 5 * np.asarray(y)[:, None]
    data = encode(X, y)
    gan = ganaug.train(X, y, max_steps=1, quality="oversampling", random_state=0)
    trainer = Trainer(gan, data, seed=0)
    if generator is not None:
        trainer.generator_ema = generator(trainer)
    return RareFidelity(**settings)(trainer)


@pytest.mark.filterwarnings("ignore:only one sample")
def test_the_rarest_classes_are_measured_and_single_samples_left_out():
    y = np.repeat([0, 1, 2, 3], [60, 30, 20, 1])
    assert {name.partition("/")[2] for name in measured(y, n_classes=2)} == {"1", "2"}


def test_copies_are_told_by_their_nearness():
    def copier(trainer):
        return lambda z, c: trainer.batches.of_class(int(c[0]))[torch.arange(len(c)) % 20]

    y = np.repeat([0, 1], [60, 20])
    found = measured(y, copier, n_classes=1)
    assert found == {"coverage/1": 1.0, "nearest ratio/1": 0.0}


def test_the_randomness_of_the_training_is_left_alone():
    before = torch.get_rng_state()
    y = np.repeat([0, 1], [30, 10])
    assert measured(y) == measured(y)
    assert torch.equal(torch.get_rng_state(), before)

import numpy as np
import pytest
import torch

import ganaug
from ganaug.core.errors import TrainingInterrupted
from ganaug.training.callbacks import Callback
from ganaug.training.held_out import MIN_HELD_OUT, HeldOutC2ST, held_out
from ganaug.training.snapshot import Snapshot


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(1200, 3)) + np.repeat([0, 2], [1100, 100])[:, None], np.repeat([0, 1], [1100, 100])


def test_a_tenth_of_each_class_that_can_spare_it():
    c = np.repeat([0, 1, 2], [2000, 100, 15])
    chosen = held_out(c, seed=0)
    assert np.bincount(c[chosen], minlength=3).tolist() == [200, 10, 0]
    assert (held_out(c, seed=0) == chosen).all() and (held_out(c, seed=1) != chosen).any()


def test_too_few_rows_are_said(caplog):
    with caplog.at_level("INFO", "ganaug"):
        assert held_out(np.zeros(10 * MIN_HELD_OUT - 10, dtype=int), 0) is None
    assert "too few" in caplog.text


class Watch(Callback):
    def on_train_start(self, trainer):
        self.judges = [callback for callback in trainer.callbacks if isinstance(callback, HeldOutC2ST)]
        self.n = len(trainer.batches.c)


@pytest.mark.parametrize(("quality", "n"), [("draft", 1200), ("standard", 1080), ("oversampling", 1200)])
def test_who_holds_out(rows, quality, n):
    watch = Watch()
    ganaug.train(*rows, quality=quality, max_steps=2, callbacks=[watch], random_state=0)
    assert watch.n == n and len(watch.judges) == (quality == "standard")


def test_a_spoilt_generator_is_not_kept(rows):
    class Spoil(Callback):
        def on_step(self, trainer):
            if trainer.gan.step == 30:
                with torch.no_grad():
                    for weight in trainer.generator_ema.parameters():
                        weight.mul_(0).add_(5)

    watch = Watch()
    ganaug.train(*rows, max_steps=40, ema_decay=0.999, callbacks=[watch, Spoil()], random_state=0)
    (judge,) = watch.judges
    assert judge.step <= 30 and judge.distances[40] > 0.9


def test_a_resumed_training_keeps_the_same_moment(rows, tmp_path):
    class Stop(Callback):
        def on_step(self, trainer):
            if trainer.gan.step == 25:
                raise TrainingInterrupted("now", 1)

    settings = {"max_steps": 40, "random_state": 0, "batch_size": 32}
    whole = ganaug.train(*rows, **settings)
    with pytest.raises(TrainingInterrupted):
        ganaug.train(*rows, **settings, callbacks=[Snapshot(tmp_path / "state", steps=25), Stop()])
    resumed = ganaug.train(*rows, **settings, callbacks=[Snapshot(tmp_path / "state", steps=100, resume=True)])
    assert resumed.digest() == whole.digest()

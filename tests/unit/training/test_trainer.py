import json

import numpy as np
import pandas as pd
import pytest
import torch

import ganaug
from ganaug.core.config import TrainConfig
from ganaug.data.encoded import encode
from ganaug.training.callbacks import Callback, Watchdog
from ganaug.training.defaults import resolve
from ganaug.training.trainer import Trainer


class Recorder(Callback):
    def __init__(self):
        self.events = []

    def on_train_start(self, trainer):
        self.events.append("start")

    def on_record(self, trainer):
        self.events.append(trainer.gan.step)

    def on_train_end(self, trainer):
        self.events.append("end")


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_history_has_what_it_promises_and_is_plain_data(iris):
    gan = ganaug.train(*iris, max_steps=250, random_state=0)
    history = gan.history
    assert set(history.to_dict()) == {
        "step", "d_loss", "g_loss", "d_accuracy_real", "d_accuracy_fake", "d_grad_norm", "g_grad_norm", "diversity",
        "samples_per_second", "seconds",
    }  # fmt: skip
    assert 100 <= len(history) <= 130 and history["step"][-1] == 250
    assert json.loads(json.dumps(history.to_dict())) == history.to_dict()
    assert (np.diff(history["seconds"]) > 0).all()
    assert 0 <= min(history["d_accuracy_real"]) and max(history["d_accuracy_fake"]) <= 1
    assert min(history["d_grad_norm"]) > 0 and min(history["g_grad_norm"]) > 0
    assert len(pd.DataFrame(history.to_dict())) == len(history)


def test_callbacks_hear_everything_in_order(iris):
    recorder = Recorder()
    ganaug.train(*iris, max_steps=3, random_state=0, callbacks=[recorder])
    assert recorder.events == ["start", 1, 2, 3, "end"]


def test_a_callback_can_stop_the_training(iris):
    class Stop(Callback):
        def on_record(self, trainer):
            if trainer.gan.step == 2:
                trainer.stop_reason = "enough"

    assert ganaug.train(*iris, max_steps=50, callbacks=[Stop()], random_state=0).step == 2


def test_max_seconds_ends_training(iris):
    gan = ganaug.train(*iris, max_steps=10**6, max_seconds=0.3, random_state=0)
    assert 1 <= gan.step < 10**6
    assert gan.history["step"][-1] == gan.step
    assert np.diff([0, *gan.history["step"]]).max() <= 100


def test_same_seed_same_weights_and_globals_untouched(digit_images):
    before = torch.get_rng_state()
    first, second, other = (ganaug.train(*digit_images, max_steps=3, random_state=seed) for seed in (1, 1, 2))
    for part in ("generator", "discriminator", "generator_ema"):
        assert same(getattr(first, part), getattr(second, part))
    assert not same(first.generator, other.generator)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("shape", [(60, 12, 10), (60, 12, 10, 3), (60, 3, 12, 10)])
def test_images_kept_as_bytes_train_the_model_of_encoded_ones_to_the_bit(shape):
    X = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    data = encode(X, np.arange(60) % 3)
    assert data.x.dtype == np.uint8
    config = resolve(TrainConfig(max_steps=4, device="cpu"), data.codec, data.classes)
    trained = []
    for x in (data.x, data.floats(), data.codec.encode(X)):
        gan = ganaug.ConditionalGAN(data.codec, data.classes, config)
        before = x.copy()
        Trainer(gan, data._replace(x=x), seed=0, callbacks=[Watchdog()]).fit()
        assert np.array_equal(x, before)
        trained.append(gan)
    for gan in trained[1:]:
        assert all(same(getattr(gan, part), getattr(trained[0], part)) for part in ("generator_ema", "discriminator"))
        assert gan.header()["history"] == trained[0].header()["history"]


def test_thread_setting_is_restored_even_after_failure(iris):
    class Fail(Callback):
        def on_record(self, trainer):
            assert torch.get_num_threads() == 1
            raise RuntimeError("stop here")

    torch.set_num_threads(2)
    with pytest.raises(RuntimeError, match="stop here"):
        ganaug.train(*iris, max_steps=3, callbacks=[Fail()])
    assert torch.get_num_threads() == 2


def test_a_diverging_loss_raises_with_its_step_and_a_remedy(iris):
    class Poison(Callback):
        def on_record(self, trainer):
            if trainer.gan.step == 3:
                with torch.no_grad():
                    next(trainer.gan.generator.parameters()).fill_(float("nan"))

    with pytest.raises(ganaug.TrainingDivergedError, match=r"at step 4; use a lower learning_rate"):
        ganaug.train(*iris, max_steps=20, callbacks=[Poison()], random_state=0)


def test_a_huge_learning_rate_diverges_loudly():
    X = np.random.default_rng(0).normal(size=(60, 3)) * 1e3
    with pytest.raises(ganaug.TrainingDivergedError, match="at step"):
        ganaug.train(X, np.repeat([0, 1], 30), learning_rate=1e18, max_steps=100, random_state=0)


def test_trainer_runs_on_what_it_is_given(iris):
    data = encode(*iris)
    gan = ganaug.ConditionalGAN(data.codec, data.classes, resolve(TrainConfig(max_steps=2), data.codec, data.classes))
    history = Trainer(gan, data, seed=0).fit()
    assert gan.history is history and gan.step == 2

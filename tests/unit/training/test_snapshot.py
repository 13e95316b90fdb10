import json
import pickle
import signal
import struct
import warnings

import numpy as np
import pytest
import torch

import ganaug
from ganaug.core import checkpoint
from ganaug.training.callbacks import Callback, Watchdog

OBJECTIVES = ["vanilla", "lsgan", "wgan", "wgan-gp", "hinge", "relativistic"]
SMALL = {"max_steps": 20, "random_state": 0, "width": 8, "batch_size": 16, "device": "cpu"}


class Crash(Callback):
    def __init__(self, step):
        self.step = step

    def on_step(self, trainer):
        if trainer.gan.step == self.step:
            raise RuntimeError("crash")


def crashed(data, path, *, at=11, every=4, **settings):
    """Leave the state of a training that crashed."""
    callbacks = [ganaug.Snapshot(path, steps=every), Crash(at)]
    with pytest.raises(RuntimeError, match="crash"):
        ganaug.train(*data, callbacks=callbacks, **SMALL | settings)
    return path


def resumed(data, path, **settings):
    snapshot = ganaug.Snapshot(path, steps=4, resume=True)
    return ganaug.train(*data, callbacks=[snapshot], **SMALL | settings)


def saved(gan, path):
    gan.save(path, overwrite=True)
    return path.read_bytes()


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("kind", ["rows", "images"])
def test_a_resumed_training_gives_the_same_file(iris, digit_images, tmp_path, objective, kind):
    data = iris if kind == "rows" else digit_images
    own = {"objective": objective, "instance_noise": 0.1, "mismatch_weight": 0.1, "max_steps": 14, "penalty_every": 3}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = saved(ganaug.train(*data, **SMALL | own), tmp_path / "m")
        crashed(data, tmp_path / "state", **own)
        assert saved(resumed(data, tmp_path / "state", **own), tmp_path / "m") == whole


def test_so_does_a_resumed_fine_tuning_of_images(digit_images, tmp_path):
    images, labels = digit_images
    source = ganaug.train(images, labels, **SMALL | {"max_steps": 1})
    how = SMALL | {"max_steps": 14}
    whole = saved(ganaug.finetune(source, images, labels + 1, **how), tmp_path / "m")
    with pytest.raises(RuntimeError, match="crash"):
        stopped = [ganaug.Snapshot(tmp_path / "state", steps=4), Crash(11)]
        ganaug.finetune(source, images, labels + 1, callbacks=stopped, **how)
    resume = [ganaug.Snapshot(tmp_path / "state", resume=True)]
    again = ganaug.finetune(source, images, labels + 1, callbacks=resume, **how)
    assert saved(again, tmp_path / "m") == whole


def test_between_rows_of_history_too(iris, tmp_path):
    """Of 200 steps every second is recorded; the state is of one between them."""
    own = {"max_steps": 200}
    crashed(iris, tmp_path / "state", at=8, every=7, **own)
    assert checkpoint.read(tmp_path / "state")[1]["run.losses"].shape == (1, 2)
    gan = resumed(iris, tmp_path / "state", **own)
    assert saved(gan, tmp_path / "m") == saved(ganaug.train(*iris, **SMALL | own), tmp_path / "n")
    assert len(gan.history["seconds"]) == len(gan.history["step"]) == 100
    assert (np.diff(gan.history["seconds"]) > 0).all()


def test_after_the_last_step_nothing_is_trained_again(iris, tmp_path):
    whole = ganaug.train(*iris, callbacks=[ganaug.Snapshot(tmp_path / "state", steps=20)], **SMALL)
    again = resumed(iris, tmp_path / "state")
    assert again.step == 20 and len(again.history) == len(whole.history)
    assert saved(again, tmp_path / "m") == saved(whole, tmp_path / "n")


def test_the_state_is_a_checkpoint_of_the_unfinished_model(iris, tmp_path):
    gan = ganaug.load(crashed(iris, tmp_path / "state"))
    assert gan.step == 8
    assert gan.sample(3, label=1, random_state=0).shape == (3, 4)
    assert ganaug.finetune(gan, *iris, **SMALL | {"max_steps": 1}).step == 1


def test_callbacks_go_on_from_what_they_knew(iris, tmp_path):
    class Counter(Callback):
        n = 0

        def on_step(self, trainer):
            self.n += 1

        def state_dict(self):
            return {"n": self.n}

        def load_state_dict(self, state):
            self.n = state["n"]

    def train(*more, **how):
        counter = Counter()
        ganaug.train(*iris, callbacks=[counter, ganaug.Snapshot(tmp_path / "s", steps=4, **how), *more], **SMALL)
        return counter.n

    with pytest.raises(RuntimeError, match="crash"):
        train(Crash(11))
    assert train(resume=True) == 20


def test_the_watchdog_does_not_warn_twice():
    first, second = Watchdog(), Watchdog()
    with pytest.warns(UserWarning, match="once"):
        first._warn("won", "once")
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    second._warn("won", "twice")


def test_time_before_the_interruption_counts(iris, tmp_path):
    path = crashed(iris, tmp_path / "state", max_steps=10**6, max_seconds=1e4)
    header, arrays = checkpoint.read(path)
    header["run"]["seconds"] = 1e4
    checkpoint.write(path, header, arrays, overwrite=True)
    assert resumed(iris, path, max_steps=10**6, max_seconds=1e4).step == 9


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"random_state": 1}, "seed was 0, now 1"),
        ({"learning_rate": 0.5}, "learning_rate was 0.001, now 0.5; d_learning_rate was 0.001, now 0.5"),
        ({"max_steps": 30}, "max_steps was 20, now 30"),
    ],
)
def test_other_settings_are_refused_by_name(iris, tmp_path, settings, says):
    path = crashed(iris, tmp_path / "state")
    before = path.read_bytes()
    with pytest.raises(ganaug.ConfigError, match=f"is the state of another training: {says}"):
        resumed(iris, path, **settings)
    assert path.read_bytes() == before


@pytest.mark.parametrize("change", ["value", "order", "labels"])
def test_other_data_are_refused(iris, tmp_path, change):
    X, y = iris[0].copy(), iris[1].copy()
    path = crashed(iris, tmp_path / "state")
    if change == "value":
        X[3, 2] += 0.1
    elif change == "order":
        X, y = X[::-1], y[::-1]
    else:
        y = np.array(["a", "b", "c"])[y]
    with pytest.raises(ganaug.ConfigError, match="the data are not the same"):
        resumed((X, y), path)


def test_another_way_of_fine_tuning_is_refused(iris, tmp_path):
    source = ganaug.train(*iris, **SMALL | {"max_steps": 1})
    how = {**SMALL, "method": "ewc", "callbacks": [ganaug.Snapshot(tmp_path / "s", steps=4), Crash(5)]}
    with pytest.raises(RuntimeError, match="crash"):
        ganaug.finetune(source, *iris, **how)
    for other, says in (
        ({"method": "full"}, "method was 'ewc', now 'full'"),
        ({"ewc_weight": 1.0}, "ewc_weight was 0.01"),
    ):
        again = {**how, "callbacks": [ganaug.Snapshot(tmp_path / "s", resume=True)], **other}
        with pytest.raises(ganaug.ConfigError, match=says):
            ganaug.finetune(source, *iris, **again)


def test_another_machine_is_warned_about(iris, tmp_path):
    path = crashed(iris, tmp_path / "state")
    header, arrays = checkpoint.read(path)
    header["run"]["environment"]["torch"] = "1.0"
    checkpoint.write(path, header, arrays, overwrite=True)
    with pytest.warns(UserWarning, match=r"was made with torch 1.0 \(now .*may differ in its last digits"):
        resumed(iris, path)


def test_a_state_is_not_overwritten_unasked(iris, tmp_path):
    path = crashed(iris, tmp_path / "state")
    before = path.read_bytes()
    with pytest.raises(ganaug.OutputError, match="is the state of an interrupted training"):
        ganaug.train(*iris, callbacks=[ganaug.Snapshot(path)], **SMALL)
    assert path.read_bytes() == before
    ganaug.train(*iris, callbacks=[ganaug.Snapshot(path, steps=4, overwrite=True)], **SMALL)
    assert ganaug.load(path).step == 20


class Poison(Callback):
    def __init__(self, step, part="generator"):
        self.step, self.part = step, part

    def on_step(self, trainer):
        if trainer.gan.step == self.step:
            with torch.no_grad():
                next(getattr(trainer.gan, self.part).parameters()).view(-1)[0] = float("nan")


@pytest.mark.parametrize("part", ["generator", "discriminator", "generator_ema"])
def test_nothing_infinite_is_kept_and_the_message_names_what_is(iris, tmp_path, part):
    """Losses are looked at every fifth step; weights are no longer numbers when a state is due."""
    path = tmp_path / "state"
    callbacks = [Poison(12, part), ganaug.Snapshot(path, steps=4)]
    with pytest.raises(ganaug.TrainingDivergedError, match=r"at step 12;.*; the state of step 8 is in .*state$"):
        ganaug.train(*iris, callbacks=callbacks, **SMALL | {"max_steps": 500})
    gan = ganaug.load(path)
    assert gan.step == 8
    assert all(np.isfinite(array).all() for array in gan.arrays().values())


def test_a_loss_that_is_not_finite_names_the_state_too(iris, tmp_path):
    callbacks = [Poison(9), ganaug.Snapshot(tmp_path / "state", steps=8)]
    with pytest.raises(ganaug.TrainingDivergedError, match="at step 10; .*; the state of step 8 is in"):
        ganaug.train(*iris, callbacks=callbacks, **SMALL)


def test_signals_are_given_back(iris, tmp_path):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    class Press(Callback):
        def on_step(self, trainer):
            assert signal.getsignal(signal.SIGINT) != before[0]
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt, match="SIGINT stopped training after step 1") as caught:
        ganaug.train(*iris, callbacks=[Press(), ganaug.Snapshot(tmp_path / "state")], **SMALL)
    assert caught.value.exit_code == 130
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert ganaug.load(tmp_path / "state").step == 1


class Bomb:
    def __reduce__(self):
        return (open, ("exploded", "w"))


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda raw: raw[:-100], "truncated"),
        (lambda raw: raw[:50], "truncated"),
        (lambda raw: b"", "empty"),
        (lambda raw: raw[:-9] + bytes([raw[-9] ^ 4]) + raw[-8:], "does not match its digest"),
        (lambda raw: pickle.dumps(Bomb()), "is a pickle"),
        (lambda raw: b"PK\x03\x04" + raw, "is a pickle or a torch.save file"),
        (lambda raw: raw.replace(rb"\"format\":1,", rb"\"format\":9,"), "has format 9"),
        (lambda raw: struct.pack("<Q", 2**62) + raw[8:], "no ganaug checkpoint"),
        (lambda raw: b"\x00" * 2000, "no ganaug checkpoint"),
    ],
    ids=["cut", "cut header", "empty", "bit", "pickle", "zip", "future", "huge header", "zeros"],
)
def test_a_damaged_state_is_refused_and_runs_nothing(iris, tmp_path, monkeypatch, damage, says):
    monkeypatch.chdir(tmp_path)
    path = crashed(iris, tmp_path / "state.safetensors")
    path.write_bytes(damage(path.read_bytes()))
    for read in (ganaug.load, lambda path: resumed(iris, path)):
        with pytest.raises(ganaug.CheckpointError, match=says):
            read(path)
    assert [file.name for file in tmp_path.iterdir()] == ["state.safetensors"]


def test_a_finished_model_is_no_state(iris, tmp_path):
    ganaug.train(*iris, **SMALL).save(tmp_path / "m")
    with pytest.raises(ganaug.CheckpointError, match="is a finished model, not the state of a training"):
        resumed(iris, tmp_path / "m")


def test_a_state_that_lacks_something_is_refused(iris, tmp_path):
    path = crashed(iris, tmp_path / "state")
    header, arrays = checkpoint.read(path)
    del arrays["run.noise"]
    checkpoint.write(path, header, arrays, overwrite=True)
    with pytest.raises(ganaug.CheckpointError, match="no usable state of a training"):
        resumed(iris, path)

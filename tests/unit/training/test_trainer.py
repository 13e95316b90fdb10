import json

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

import ganaug
from ganaug.core import registry
from ganaug.core.config import TrainConfig
from ganaug.core.history import History
from ganaug.data.encoded import Encoded, encode
from ganaug.training.callbacks import Callback, ProgressBar, Watchdog
from ganaug.training.defaults import resolve
from ganaug.training.trainer import Trainer

OBJECTIVES = ["vanilla", "lsgan", "wgan", "wgan-gp", "hinge", "relativistic"]


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


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


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_trains_rows_and_images(iris, digit_images, objective):
    for X, y in (iris, digit_images):
        gan = ganaug.train(X, y, objective=objective, max_steps=2, random_state=0)
        assert gan.step == 2
        assert np.isfinite(gan.history["d_loss"]).all() and np.isfinite(gan.history["g_loss"]).all()


def test_every_objective_is_registered():
    assert registry.names("objectives") == sorted(OBJECTIVES)


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


def test_the_averaged_generator_is_what_the_formula_says(iris):
    steps = []

    class Watch(Callback):
        def on_record(self, trainer):
            steps.append(next(trainer.gan.generator.parameters()).detach().clone())

    gan = ganaug.train(*iris, max_steps=4, random_state=0, ema_decay=0.3, callbacks=[Watch()])
    x = torch.from_numpy(gan.codec.encode(iris[0]))
    c = torch.from_numpy(gan.classes.index(iris[1]))
    fresh = ganaug.ConditionalGAN(gan.codec, gan.classes, gan.config, seed=0)
    expected = next(fresh.generator.parameters()).detach().clone()
    assert len(x) == len(c)
    for done, current in enumerate(steps):
        decay = min(0.3, (1 + done) / (10 + done))
        expected = decay * expected + (1 - decay) * current
    torch.testing.assert_close(next(gan.generator_ema.parameters()), expected)


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


class Stub:
    """As much of a trainer as the watchdog looks at."""

    def __init__(self):
        self.history = History()

    def row(self, step, **values):
        usual = {"d_accuracy_real": 0.7, "d_accuracy_fake": 0.6, "diversity": 0.8}
        self.history.append(step=step, **{**usual, **values})
        return self


def test_watchdog_warns_once_when_d_has_won():
    watchdog, stub = Watchdog(patience=3), Stub()
    perfect = {"d_accuracy_real": 1.0, "d_accuracy_fake": 1.0}
    for step in (1, 2):
        watchdog.on_record(stub.row(step, **perfect))
    watchdog.on_record(stub.row(3))
    for step in (4, 5):
        watchdog.on_record(stub.row(step, **perfect))
    with pytest.warns(ConvergenceWarning, match="told every sample right"):
        watchdog.on_record(stub.row(6, **perfect))
    for step in range(7, 20):
        watchdog.on_record(stub.row(step, **perfect))


def test_watchdog_warns_once_about_collapse_but_not_at_the_start():
    watchdog, stub = Watchdog(), Stub()
    watchdog.on_record(stub.row(10, diversity=0.01))
    with pytest.warns(ConvergenceWarning, match="mode collapse"):
        watchdog.on_record(stub.row(200, diversity=0.01))
    watchdog.on_record(stub.row(210, diversity=0.01))


def test_a_collapsed_generator_is_noticed(iris):
    class Collapse(Callback):
        def on_record(self, trainer):
            with torch.no_grad():
                for network in (trainer.gan.generator, trainer.gan.generator_ema):
                    network.body[-1].weight.zero_()

    with pytest.warns(ConvergenceWarning, match="mode collapse"):
        ganaug.train(*iris, max_steps=300, quality="oversampling", callbacks=[Collapse()], random_state=0)


def test_progress_bar_shows_losses(iris):
    import io

    from rich.console import Console

    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100)
    ganaug.train(*iris, max_steps=3, callbacks=[ProgressBar(console)], random_state=0)
    shown = stream.getvalue()
    assert "step 3" in shown and "D 0." in shown and "G 0." in shown and "100%" in shown


@pytest.mark.parametrize(
    ("setting", "default"),
    [
        ({"d_steps": 3}, {"d_steps": 1}),
        ({"penalty_weight": 0.0}, {"penalty_weight": 1.0}),
        ({"penalty_every": 1}, {"penalty_every": 4}),
        ({"mismatch_weight": 0.1}, {"mismatch_weight": 0.0}),
        ({"clip_grad_norm": 1e-3}, {"clip_grad_norm": None}),
        ({"instance_noise": 0.5}, {"instance_noise": 0.0}),
        ({"ema_decay": 0.0}, {"ema_decay": 0.99}),
        ({"learning_rate": 0.01}, {"learning_rate": 0.001}),
        ({"d_learning_rate": 0.01}, {"d_learning_rate": 0.001}),
        ({"betas": (0.9, 0.999)}, {"betas": (0.0, 0.95)}),
        ({"optimizer": "rmsprop"}, {"optimizer": "adam"}),
        ({"batch_size": 16}, {"batch_size": 128}),
        ({"width": 8}, {"width": 96}),
        ({"depth": 1}, {"depth": 2}),
        ({"latent_dim": 4}, {"latent_dim": 32}),
        ({"spectral_norm": True}, {"spectral_norm": False}),
    ],
    ids=lambda value: next(iter(value)),
)
def test_every_setting_does_something(iris, setting, default):
    usual = ganaug.train(*iris, max_steps=3, quality="oversampling", random_state=0)
    assert {name: getattr(usual.config, name) for name in default} == default
    changed = ganaug.train(*iris, max_steps=3, quality="oversampling", random_state=0, **setting)
    assert {name: getattr(changed.config, name) for name in setting} == setting
    parts = [(gan.generator_ema.state_dict(), gan.discriminator.state_dict()) for gan in (usual, changed)]
    assert any(not np.array_equal(a[k], b.get(k)) for a, b in zip(*parts, strict=True) for k in a)


def test_one_learning_rate_sets_both_networks_where_the_paper_has_one(iris):
    assert ganaug.train(*iris, learning_rate=5e-3, max_steps=1).config.d_learning_rate == 5e-3
    two = ganaug.train(*iris, objective="hinge", learning_rate=5e-3, max_steps=1).config
    assert (two.learning_rate, two.d_learning_rate) == (5e-3, 4e-4)


def test_label_smoothing_changes_the_discriminator(iris):
    plain, smooth = (
        ganaug.train(*iris, objective="vanilla", label_smoothing=s, max_steps=3, random_state=0) for s in (0.0, 0.2)
    )
    assert not same(plain.discriminator, smooth.discriminator)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_mismatch_adds_real_samples_under_wrong_labels(objective):
    """Of two classes the wrong one is the other: the loss can be written down."""
    x, c = torch.randn(40, 3, generator=torch.Generator().manual_seed(0)), torch.arange(40) % 2
    settings = {"objective": objective, "penalty_weight": 0, "max_steps": 1, "width": 8}
    gan = ganaug.train(x.numpy(), c.numpy(), random_state=0, mismatch_weight=0.3, **settings)
    step = Trainer(gan, Encoded(x.numpy(), c.numpy(), gan.codec, gan.classes), seed=0).step
    d, fake = gan.discriminator, torch.zeros(40, 3)
    with torch.no_grad():
        own, other, made = d(x, c), d(x, 1 - c), d(fake, c)
    loss = step.objective.discriminator_loss
    expected = loss(own, made) + 0.3 * loss(own, other)
    assert torch.allclose(step.discriminator_step(x, fake, c)[0], expected, atol=1e-6)


def test_mismatch_teaches_the_discriminator_labels(iris):
    X, y = iris
    right = []
    for weight in (0, 0.5):
        gan = ganaug.train(X, y, max_steps=150, mismatch_weight=weight, random_state=0)
        labels = torch.arange(3)[:, None].expand(-1, len(y))
        with torch.no_grad():
            logits = gan.discriminator(torch.from_numpy(gan.codec.encode(X)), labels)
        right.append((logits.argmax(0).numpy() == y).mean())
    assert right[0] < 0.6 and right[1] > 0.8


def test_mismatch_is_for_colour_and_the_objective_it_was_measured_with(iris, digit_images):
    def chosen(X, y, **settings):
        return ganaug.train(X, y, max_steps=1, **settings).config.mismatch_weight

    X, y = digit_images
    coloured = np.stack([X, X, X], axis=-1)
    assert chosen(coloured, y) > 0
    assert chosen(*iris) == chosen(X, y) == chosen(coloured, y, objective="hinge") == 0
    assert chosen(coloured[y == y[0]], y[y == y[0]]) == 0
    with pytest.raises(ganaug.ConfigError, match="mismatch_weight needs two classes"):
        chosen(X[y == y[0]], y[y == y[0]], mismatch_weight=1)


def test_mismatch_needs_a_head_that_takes_several_labels(iris):
    data = encode(*iris)
    config = resolve(TrainConfig(mismatch_weight=1), data.codec, data.classes)
    gan = ganaug.ConditionalGAN(data.codec, data.classes, config, seed=0)
    gan.discriminator.head = torch.nn.Identity()
    with pytest.raises(ganaug.ConfigError, match="needs a ProjectionHead; network 'mlp'"):
        Trainer(gan, data, seed=0)


def test_attention_and_precision_on_images(digit_images):
    plain = ganaug.train(*digit_images, max_steps=2, random_state=0, precision="float32")
    for setting in ({"attention": True}, {"precision": "bfloat16"}):
        changed = ganaug.train(*digit_images, max_steps=2, random_state=0, **{"precision": "float32", **setting})
        assert not np.array_equal(plain.sample(3, label=0, random_state=0), changed.sample(3, label=0, random_state=0))
        assert np.isfinite(changed.history["d_loss"]).all()


def test_wgan_keeps_its_weights_clipped(iris):
    gan = ganaug.train(*iris, objective="wgan", max_steps=3, learning_rate=0.1, random_state=0)
    assert max(float(p.detach().abs().max()) for p in gan.discriminator.parameters()) <= 0.01 + 1e-7


def test_pil_images_come_back_as_pil_images():
    from PIL import Image

    rng = np.random.default_rng(0)
    images = [Image.fromarray(rng.integers(0, 255, (12, 16, 3)).astype(np.uint8)) for _ in range(20)]
    gan = ganaug.train(images, ["a", "b"] * 10, max_steps=2, random_state=0)
    made = gan.sample(3, label="b", random_state=0)
    assert [(image.size, image.mode) for image in made] == [((16, 12), "RGB")] * 3


def test_labels_keep_their_name_and_kind(mixed_frame, tmp_path):
    X, y = mixed_frame
    gan = ganaug.train(X, y, max_steps=2, random_state=0)
    gan.save(tmp_path / "m.safetensors")
    loaded = ganaug.load(tmp_path / "m.safetensors")
    assert loaded.classes_.tolist() == ["rare", "usual"] and loaded.classes.counts == [24, 96]
    assert loaded.classes.target == "outcome"
    assert (loaded.sample(4, label="rare", random_state=0).dtypes == X.dtypes).all()


def test_one_class_alone_can_be_learnt(iris):
    gan = ganaug.train(iris[0][:50], iris[1][:50], max_steps=2, random_state=0)
    assert gan.sample(4).shape == (4, 4)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.zeros((4, 2)), [0, 1, 0, 1], "constant"),
        (np.eye(4), [0, 1], "4 samples, y has 2"),
        (np.eye(4), np.eye(4), "one label for each sample"),
        (np.eye(4), [0.1, 0.2, 0.3, 0.4], "class labels"),
        (np.eye(4), [0, 1, 0, None], "label"),
        (np.eye(4), [0, 1, 0, float("nan")], "label"),
        ([], [], "expected"),
        (np.zeros((0, 8, 8)), [], "at least one image"),
    ],
    ids=["constant", "lengths", "2-D y", "continuous y", "None in y", "NaN in y", "empty", "no images"],
)
def test_unusable_data_are_refused(X, y, message):
    with pytest.raises(ganaug.SchemaError, match=message):
        ganaug.train(X, y, max_steps=1)


def test_unknown_setting_says_what_was_meant(iris):
    with pytest.raises(ganaug.ConfigError, match="did you mean 'max_steps'"):
        ganaug.train(*iris, max_step=5)


def test_trainer_runs_on_what_it_is_given(iris):
    data = encode(*iris)
    gan = ganaug.ConditionalGAN(data.codec, data.classes, resolve(TrainConfig(max_steps=2), data.codec, data.classes))
    history = Trainer(gan, data, seed=0).fit()
    assert gan.history is history and gan.step == 2

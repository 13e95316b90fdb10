import numpy as np
import pytest
import torch

import ganaug
from ganaug.core.config import TrainConfig
from ganaug.data.encoded import Encoded, encode
from ganaug.training.callbacks import Callback
from ganaug.training.defaults import resolve
from ganaug.training.trainer import Trainer

OBJECTIVES = ["vanilla", "lsgan", "wgan", "wgan-gp", "hinge", "relativistic"]


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


@pytest.fixture(scope="module")
def usual(iris):
    return ganaug.train(*iris, max_steps=3, quality="oversampling", random_state=0)


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
def test_every_setting_does_something(iris, usual, setting, default):
    assert {name: getattr(usual.config, name) for name in default} == default
    changed = ganaug.train(*iris, max_steps=3, quality="oversampling", random_state=0, **setting)
    assert {name: getattr(changed.config, name) for name in setting} == setting
    parts = [(gan.generator_ema.state_dict(), gan.discriminator.state_dict()) for gan in (usual, changed)]
    assert any(not np.array_equal(a[k], b.get(k)) for a, b in zip(*parts, strict=True) for k in a)


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

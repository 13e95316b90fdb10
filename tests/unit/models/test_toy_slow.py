"""Eight Gaussians on a circle, two classes by turns: the smallest data on which an adversarial loss can go wrong."""

import numpy as np
import pytest

import ganaug

ANGLES = 2 * np.pi * np.arange(8) / 8
MODES = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
STD = 0.05
NEAR = 4 * STD

# Where the defaults of the paper, made for images, do not do in under a minute of CPU, what was changed and why (found
# on these data with this seed):
SETTINGS = {
    "relativistic": {},
    # Collapses onto one moving mode without noise on D's inputs (min share 0 at 2000 and at 5000 steps).
    "vanilla": {"learning_rate": 1e-3, "instance_noise": 0.5, "max_steps": 4000},
    "lsgan": {"instance_noise": 0.5, "max_steps": 4000},
    # The paper's ratio of learning rates, ten times as fast; a 1-Lipschitz D needs a layer more for narrow modes.
    "hinge": {"learning_rate": 1e-3, "d_learning_rate": 4e-3, "depth": 3, "max_steps": 5000},
    # Ten times as fast, with the penalty weight of the authors' toy (gan_toy.py, LAMBDA = .1).
    "wgan-gp": {"learning_rate": 1e-3, "penalty_weight": 0.1, "max_steps": 2000},
}


def eight_gaussians(n=2000):
    mode = np.arange(n) % 8
    X = MODES[mode] + STD * np.random.default_rng(0).standard_normal((n, 2))
    return X.astype(np.float32), mode % 2


def distances(gan, label):
    """Distance of 2000 samples of a class to each of its four modes."""
    samples = gan.sample(2000, label=label, random_state=1)
    return np.linalg.norm(samples[:, None] - MODES[label::2], axis=2)


def train(objective, **settings):
    return ganaug.train(*eight_gaussians(), objective=objective, random_state=0, device="cpu", **settings)


@pytest.mark.slow
@pytest.mark.parametrize("objective", SETTINGS)
def test_every_mode_of_every_class_is_learnt(objective):
    gan = train(objective, **SETTINGS[objective])
    near = [distances(gan, label) < NEAR for label in (0, 1)]
    smallest = min(part.mean(axis=0).min() for part in near)
    share = min(part.any(axis=1).mean() for part in near)
    assert smallest >= 0.05
    assert share >= 0.6


@pytest.mark.slow
def test_clipped_weights_learn_the_ring_but_not_its_modes():
    """A D clipped to ±0.01 is too simple to tell the modes apart; what WGAN-GP (arXiv:1704.00028) set out to mend.

    No setting tried found them: at most 25 % of the samples are near a mode of their class, 46 % with a clip of 0.1.
    """
    gan = train("wgan", learning_rate=5e-4, max_steps=3000)
    for label in (0, 1):
        samples = gan.sample(2000, label=label, random_state=1)
        radius = np.linalg.norm(samples, axis=1)
        eighth = (np.arctan2(samples[:, 1], samples[:, 0]) // (np.pi / 4)).astype(int) % 8
        assert 0.8 < np.median(radius) < 1.2
        assert np.bincount(eighth, minlength=8).min() >= 100

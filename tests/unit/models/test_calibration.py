import pytest
import torch

from ganaug.evaluation.fidelity.spectrum import octaves
from ganaug.models import calibration
from ganaug.models.calibration import OctaveGains, ToneCurves

NETWORKS = ["conv", "resnet"]


def test_tone_curves_give_each_class_and_channel_the_values_of_real_images():
    curves = ToneCurves(2, 2)
    made = torch.randn(200, 2, 6, 6, generator=torch.Generator().manual_seed(0)).mul(0.3).tanh()
    real = torch.where(made < 0, -1.0, made * 0.5 + torch.tensor([0.0, 0.4]).view(1, 2, 1, 1))
    c = torch.ones(200, dtype=torch.long)
    torch.testing.assert_close(curves(made, c), made)  # the identity at first
    curves.fit(1, made, real)
    mapped = curves(made, c)
    for k in range(2):
        ours, theirs = mapped[:, k].flatten().sort().values, real[:, k].flatten().sort().values
        assert ((ours - theirs).abs() > 0.01).float().mean() < 0.01
    assert (mapped.flatten().argsort() != made.flatten().argsort()).any()
    order = made[:, 0].flatten().argsort()
    assert (mapped[:, 0].flatten()[order].diff() >= 0).all()
    torch.testing.assert_close(curves(made, torch.zeros_like(c)), made)  # the other class


class Batches:
    """The same images for each class."""

    def __init__(self, real):
        self.real = real

    def of_class(self, condition, most=None):
        return self.real[:most]

    def draw_classes(self, n, generator):
        return torch.arange(n) % 3


@pytest.mark.parametrize("network", NETWORKS)
def test_calibration_moves_samples_but_not_training(network, networks):
    generator, _ = networks((1, 8, 8), network)
    z, c = torch.randn(6, generator.latent_dim), torch.tensor([0, 1, 2] * 2)
    training = generator.train()(z, c)
    real = torch.full((30, 1, 8, 8), -1.0)
    real[:, :, 2:6, 2:6] = 0.25
    generator.eval().calibrate(Batches(real), torch.Generator().manual_seed(0))
    sampled = generator(z, c).detach()
    near = torch.minimum((sampled + 1).abs(), (sampled - 0.25).abs())
    assert (near < 1e-3).float().mean() > 0.95
    torch.testing.assert_close(generator.train()(z, c), training)


def test_calibration_takes_the_statistics_of_the_weights_that_are_sampled(networks):
    generator, _ = networks((1, 8, 8))
    z, c = torch.randn(3000, generator.latent_dim), torch.arange(3000) % 3
    for norm in (module for module in generator.modules() if isinstance(module, torch.nn.BatchNorm2d)):
        norm.running_mean += 3  # what other weights left behind
    in_batch = generator.train().draw(z, c)
    generator.eval().calibrate(Batches(torch.rand(30, 1, 8, 8)), torch.Generator().manual_seed(0))
    assert not generator.training
    assert (generator.draw(z, c) - in_batch).abs().mean() < 0.02


@pytest.mark.parametrize("most", [700, 1])
def test_calibration_in_pieces_gives_the_same_curves(most, monkeypatch, networks):
    generator, _ = networks((1, 8, 8))
    real = Batches(torch.rand(30, 1, 8, 8))
    generator.eval().calibrate(real, torch.Generator().manual_seed(0))
    at_once = generator.tone.made.clone(), generator.octaves.gains.clone()
    monkeypatch.setattr(calibration, "_NUMBERS_AT_ONCE", most)
    generator.calibrate(real, torch.Generator().manual_seed(0))
    for ours, theirs in zip((generator.tone.made, generator.octaves.gains), at_once, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 15, 20), (1, 4, 4)], ids=str)
def test_gains_of_octaves_start_as_the_identity_and_keep_the_mean(shape):
    octaves = OctaveGains(shape, 2)
    x = torch.rand(5, *shape) - 0.5
    c = torch.tensor([0, 1, 0, 1, 1])
    torch.testing.assert_close(octaves(x, c), x, rtol=0, atol=1e-5)
    octaves.gains[1, 0] = 0.5
    smoothed = octaves(x, c)
    torch.testing.assert_close(smoothed[[0, 2]], x[[0, 2]], rtol=0, atol=1e-5)
    rough = [images[1:].diff(dim=-1).square().mean() for images in (smoothed[[1, 3, 4]], x[[1, 3, 4]])]
    assert rough[0] < rough[1]
    flat = torch.full((2, *shape), 0.3)
    torch.testing.assert_close(octaves(flat, torch.tensor([0, 1])), flat)


@pytest.mark.parametrize("side", [16, 21])
def test_calibration_brings_the_power_of_every_octave_to_that_of_real_images(side, networks):
    generator, _ = networks((1, side, side))
    blurred = torch.nn.functional.avg_pool2d(torch.randn(200, 1, side + 2, side + 2), 3, stride=1).clamp(-1, 1)
    generator.eval().calibrate(Batches(blurred), torch.Generator().manual_seed(0))
    z, c = torch.randn(600, generator.latent_dim), torch.arange(600) % 3
    ours, theirs = (octaves(images.detach().numpy()) for images in (generator(z, c), blurred))
    ratios = [made.power / real.power for made, real in zip(ours, theirs, strict=True)]
    assert min(ratios) > 0.8
    assert max(ratios) < 1.25

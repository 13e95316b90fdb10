import numpy as np
import pytest
import torch

from ganaug.core.classes import Classes
from ganaug.core.config import TrainConfig
from ganaug.core.errors import ConfigError
from ganaug.data.image.codec import ImageCodec
from ganaug.evaluation.fidelity.spectrum import octaves
from ganaug.models import calibration
from ganaug.models.calibration import OctaveGains, ToneCurves
from ganaug.models.conv import SelfAttention, UpConvolution, build_conv
from ganaug.models.resnet import build_resnet
from ganaug.training.defaults import resolve

SHAPES = [(1, 8, 8), (1, 28, 28), (1, 33, 17), (3, 33, 17), (3, 32, 32), (1, 64, 64), (4, 9, 8), (1, 4, 4), (3, 5, 40)]


BUILD = {"conv": build_conv, "resnet": build_resnet}


def networks(shape, network="conv", **settings):
    codec = ImageCodec.fit(np.zeros((2, *shape), dtype=np.uint8).transpose(0, 2, 3, 1))
    classes = Classes(np.arange(3), [50, 50, 50])
    config = resolve(
        TrainConfig(**{"network": network, "width": 4, "latent_dim": 6, "device": "cpu", **settings}), codec, classes
    )
    torch.manual_seed(0)
    return BUILD[network](codec.sample_shape, codec.spans, 3, config)


def inputs(generator, n=6):
    g = torch.Generator().manual_seed(5)
    return torch.randn(n, generator.latent_dim, generator=g), torch.arange(n) % 3


@pytest.mark.parametrize("attention", [False, True])
@pytest.mark.parametrize("spectral_norm", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("network", BUILD)
def test_shapes(network, shape, attention, spectral_norm):
    generator, discriminator = networks(shape, network, attention=attention, spectral_norm=spectral_norm)
    z, c = inputs(generator)
    images = generator(z, c)
    assert images.shape == (6, *shape)
    assert images.abs().max() <= 1
    assert discriminator(images, c).shape == (6,)


@pytest.mark.parametrize("depth", [1, 2])
def test_depth_can_be_chosen(depth):
    generator, discriminator = networks((1, 8, 8), depth=depth)
    z, c = inputs(generator)
    assert len(generator.ups) == depth
    assert discriminator(generator(z, c), c).shape == (6,)


@pytest.mark.parametrize(("shape", "depth"), [((1, 8, 8), 3), ((1, 33, 4), 2), ((3, 64, 64), 7)], ids=str)
def test_depth_that_halves_the_image_away_is_refused(shape, depth):
    with pytest.raises(ConfigError, match=f"depth={depth} halves images of {shape[1]} × {shape[2]} away"):
        networks(shape, depth=depth)


@pytest.mark.parametrize("attention", [False, True])
def test_an_image_is_a_function_of_its_own_latent_and_class(attention):
    generator, _ = networks((1, 8, 8), attention=attention)
    z, c = inputs(generator, 32)
    generator(z, c)
    generator.eval()
    images = generator(z, c)
    assert torch.equal(generator(z, c), images)
    assert torch.allclose(generator(z[3:5], c[3:5]), images[3:5], atol=1e-5)
    assert ((images[0] - images[3]).abs() > 1e-3).any()


def test_the_class_changes_images_and_logits():
    generator, discriminator = networks((1, 8, 8))
    z, _ = inputs(generator)
    generator.eval()
    zeros, ones = torch.zeros(6, dtype=torch.long), torch.ones(6, dtype=torch.long)
    images = generator(z, zeros)
    assert ((generator(z, ones) - images).abs().flatten(1).amax(1) > 1e-3).all()
    assert ((discriminator(images, zeros) - discriminator(images, ones)).abs() > 1e-5).all()


def test_several_labels_of_an_image_are_judged_at_once():
    _, discriminator = networks((1, 8, 8))
    images, labels = torch.rand(6, 1, 8, 8), torch.tensor([[0, 1, 1, 0, 1, 0], [1, 0, 1, 1, 0, 0]])
    apart = torch.stack([discriminator(images, c) for c in labels])
    assert torch.allclose(discriminator(images, labels), apart, atol=1e-6)


def test_scale_and_shift_belong_to_the_class():
    generator, _ = networks((1, 8, 8))
    generator.eval()
    z, _ = inputs(generator)
    zeros, ones = torch.zeros(6, dtype=torch.long), torch.ones(6, dtype=torch.long)
    before = generator(z, zeros), generator(z, ones)
    with torch.no_grad():
        generator.norms[-1].shift.weight[1] += 1.0
    assert torch.equal(generator(z, zeros), before[0])
    assert not torch.allclose(generator(z, ones), before[1])


def test_attention_starts_as_the_identity_and_then_mixes_positions():
    torch.manual_seed(0)
    attention = SelfAttention(8, normalise=False)
    x = torch.randn(2, 8, 4, 5)
    assert torch.equal(attention(x), x)
    with torch.no_grad():
        attention.gain.fill_(1.0)
    changed = x.clone()
    changed[0, :, 0, 0] += 3
    difference = (attention(changed) - attention(x)).abs().sum(1)
    assert (difference[0] > 0).all()
    assert (difference[1] == 0).all()


def test_attention_by_hand():
    torch.manual_seed(0)
    attention = SelfAttention(8, normalise=False)
    with torch.no_grad():
        attention.gain.fill_(0.5)
        for layer in (attention.query, attention.key):
            layer.weight.zero_(), layer.bias.zero_()
    x = torch.randn(1, 8, 3, 3)
    everywhere = attention.value(x).mean((2, 3), keepdim=True)  # equal weights
    assert torch.allclose(attention(x), x + 0.5 * everywhere, atol=1e-6)


@pytest.mark.parametrize("attention", [False, True])
@pytest.mark.parametrize("spectral_norm", [False, True])
@pytest.mark.parametrize("shape", [(3, 16, 16), (1, 9, 13)], ids=str)
def test_gradients_reach_every_parameter(shape, attention, spectral_norm):
    generator, discriminator = networks(shape, attention=attention, spectral_norm=spectral_norm)
    with torch.no_grad():
        for module in [*generator.modules(), *discriminator.modules()]:
            if isinstance(module, SelfAttention):
                module.gain.fill_(0.5)
    z, c = inputs(generator, 12)
    discriminator(generator(z, c), c).sum().backward()
    for name, parameter in [*generator.named_parameters(), *discriminator.named_parameters()]:
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        idle = name.endswith("key.bias")  # the softmax of attention does not see it
        assert idle or parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("attention", [False, True])
def test_spectral_norm_bounds_every_layer(attention):
    _, discriminator = networks((3, 16, 16), spectral_norm=True, attention=attention)
    x, c = torch.randn(4, 3, 16, 16), torch.zeros(4, dtype=torch.long)
    for _ in range(60):
        discriminator(x, c)
    discriminator.eval()
    layers = [module for module in discriminator.modules() if hasattr(module, "parametrizations")]
    assert len(layers) == 6 + 3 * attention
    for layer in layers:
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.02)


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


@pytest.mark.parametrize("odd", [(0, 0), (1, 0), (0, 1)])
def test_doubling_and_convolution_in_one_step_are_the_two_steps(odd):
    up = UpConvolution(3, 4, odd)
    x = torch.randn(2, 3, 5, 6)
    doubled = torch.nn.functional.interpolate(x, scale_factor=2, mode="nearest")
    both = torch.nn.functional.conv2d(doubled, up.weight, padding=1)
    result = up(x)
    assert result.shape == (2, 4, 10 + odd[0], 12 + odd[1])
    torch.testing.assert_close(result[:, :, :10, :12], both, rtol=1e-4, atol=1e-5)


class Batches:
    """The same images for each class."""

    def __init__(self, real):
        self.real = real

    def of_class(self, condition, most=None):
        return self.real[:most]

    def draw_classes(self, n, generator):
        return torch.arange(n) % 3


@pytest.mark.parametrize("network", BUILD)
def test_calibration_moves_samples_but_not_training(network):
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


def test_calibration_takes_the_statistics_of_the_weights_that_are_sampled():
    generator, _ = networks((1, 8, 8))
    z, c = torch.randn(3000, generator.latent_dim), torch.arange(3000) % 3
    for norm in (module for module in generator.modules() if isinstance(module, torch.nn.BatchNorm2d)):
        norm.running_mean += 3  # what other weights left behind
    in_batch = generator.train().draw(z, c)
    generator.eval().calibrate(Batches(torch.rand(30, 1, 8, 8)), torch.Generator().manual_seed(0))
    assert not generator.training
    assert (generator.draw(z, c) - in_batch).abs().mean() < 0.02


@pytest.mark.parametrize("most", [700, 1])
def test_calibration_in_pieces_gives_the_same_curves(most, monkeypatch):
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
def test_calibration_brings_the_power_of_every_octave_to_that_of_real_images(side):
    generator, _ = networks((1, side, side))
    blurred = torch.nn.functional.avg_pool2d(torch.randn(200, 1, side + 2, side + 2), 3, stride=1).clamp(-1, 1)
    generator.eval().calibrate(Batches(blurred), torch.Generator().manual_seed(0))
    z, c = torch.randn(600, generator.latent_dim), torch.arange(600) % 3
    ours, theirs = (octaves(images.detach().numpy()) for images in (generator(z, c), blurred))
    ratios = [made.power / real.power for made, real in zip(ours, theirs, strict=True)]
    assert min(ratios) > 0.8
    assert max(ratios) < 1.25

import pytest
import torch

from ganaug.core.errors import ConfigError
from ganaug.models.conv import SelfAttention, UpConvolution

SHAPES = [(1, 8, 8), (1, 28, 28), (1, 33, 17), (3, 33, 17), (3, 32, 32), (1, 64, 64), (4, 9, 8), (1, 4, 4), (3, 5, 40)]


NETWORKS = ["conv", "resnet"]


def inputs(generator, n=6):
    g = torch.Generator().manual_seed(5)
    return torch.randn(n, generator.latent_dim, generator=g), torch.arange(n) % 3


@pytest.mark.parametrize("attention", [False, True])
@pytest.mark.parametrize("spectral_norm", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("network", NETWORKS)
def test_shapes(network, shape, attention, spectral_norm, networks):
    generator, discriminator = networks(shape, network, attention=attention, spectral_norm=spectral_norm)
    z, c = inputs(generator)
    images = generator(z, c)
    assert images.shape == (6, *shape)
    assert images.abs().max() <= 1
    assert discriminator(images, c).shape == (6,)


@pytest.mark.parametrize("depth", [1, 2])
def test_depth_can_be_chosen(depth, networks):
    generator, discriminator = networks((1, 8, 8), depth=depth)
    z, c = inputs(generator)
    assert len(generator.ups) == depth
    assert discriminator(generator(z, c), c).shape == (6,)


@pytest.mark.parametrize(("shape", "depth"), [((1, 8, 8), 3), ((1, 33, 4), 2), ((3, 64, 64), 7)], ids=str)
def test_depth_that_halves_the_image_away_is_refused(shape, depth, networks):
    with pytest.raises(ConfigError, match=f"depth={depth} halves images of {shape[1]} × {shape[2]} away"):
        networks(shape, depth=depth)


@pytest.mark.parametrize("attention", [False, True])
def test_an_image_is_a_function_of_its_own_latent_and_class(attention, networks):
    generator, _ = networks((1, 8, 8), attention=attention)
    z, c = inputs(generator, 32)
    generator(z, c)
    generator.eval()
    images = generator(z, c)
    assert torch.equal(generator(z, c), images)
    assert torch.allclose(generator(z[3:5], c[3:5]), images[3:5], atol=1e-5)
    assert ((images[0] - images[3]).abs() > 1e-3).any()


def test_the_class_changes_images_and_logits(networks):
    generator, discriminator = networks((1, 8, 8))
    z, _ = inputs(generator)
    generator.eval()
    zeros, ones = torch.zeros(6, dtype=torch.long), torch.ones(6, dtype=torch.long)
    images = generator(z, zeros)
    assert ((generator(z, ones) - images).abs().flatten(1).amax(1) > 1e-3).all()
    assert ((discriminator(images, zeros) - discriminator(images, ones)).abs() > 1e-5).all()


def test_several_labels_of_an_image_are_judged_at_once(networks):
    _, discriminator = networks((1, 8, 8))
    images, labels = torch.rand(6, 1, 8, 8), torch.tensor([[0, 1, 1, 0, 1, 0], [1, 0, 1, 1, 0, 0]])
    apart = torch.stack([discriminator(images, c) for c in labels])
    assert torch.allclose(discriminator(images, labels), apart, atol=1e-6)


def test_scale_and_shift_belong_to_the_class(networks):
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
def test_gradients_reach_every_parameter(shape, attention, spectral_norm, networks):
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
def test_spectral_norm_bounds_every_layer(attention, networks):
    _, discriminator = networks((3, 16, 16), spectral_norm=True, attention=attention)
    x, c = torch.randn(4, 3, 16, 16), torch.zeros(4, dtype=torch.long)
    for _ in range(60):
        discriminator(x, c)
    discriminator.eval()
    layers = [module for module in discriminator.modules() if hasattr(module, "parametrizations")]
    assert len(layers) == 6 + 3 * attention
    for layer in layers:
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("odd", [(0, 0), (1, 0), (0, 1)])
def test_doubling_and_convolution_in_one_step_are_the_two_steps(odd):
    up = UpConvolution(3, 4, odd)
    x = torch.randn(2, 3, 5, 6)
    doubled = torch.nn.functional.interpolate(x, scale_factor=2, mode="nearest")
    both = torch.nn.functional.conv2d(doubled, up.weight, padding=1)
    result = up(x)
    assert result.shape == (2, 4, 10 + odd[0], 12 + odd[1])
    torch.testing.assert_close(result[:, :, :10, :12], both, rtol=1e-4, atol=1e-5)

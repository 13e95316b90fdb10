from types import SimpleNamespace

import pytest
import torch

from ganaug.core.classes import Classes
from ganaug.core.config import TrainConfig
from ganaug.data.codec import Span
from ganaug.models.mlp import build_mlp
from ganaug.training.defaults import resolve

SPANS = (
    Span(0, 1, "identity", 0),
    Span(1, 3, "softmax", 0),
    Span(4, 1, "identity", 1),
    Span(5, 1, "identity", 2),
    Span(6, 2, "softmax", 3),
    Span(8, 1, "identity", 4),
)


class Rows:
    sample_shape = (9,)
    schema = SimpleNamespace(kind="table")


def config(**settings):
    import numpy as np

    classes = Classes(np.arange(3), [50, 50, 50])
    return resolve(TrainConfig(**{"width": 16, "latent_dim": 4, "device": "cpu", **settings}), Rows(), classes)


def networks(spans=SPANS, dim=9, **settings):
    torch.manual_seed(0)
    return build_mlp((dim,), spans, 3, config(**settings))


def inputs(generator, n=200):
    g = torch.Generator().manual_seed(5)
    return torch.randn(n, generator.latent_dim, generator=g), torch.randint(3, (n,), generator=g)


@pytest.mark.parametrize("depth", [1, 2, 4])
@pytest.mark.parametrize("spectral_norm", [False, True])
def test_shapes(depth, spectral_norm):
    generator, discriminator = networks(depth=depth, spectral_norm=spectral_norm)
    z, c = inputs(generator)
    rows = generator(z, c)
    assert rows.shape == (200, 9)
    assert discriminator(rows, c).shape == (200,)


def test_rows_of_numbers_only():
    spans = tuple(Span(i, 1, "identity", i) for i in range(4))
    generator, _ = networks(spans, 4)
    assert generator.latent_dim == 4
    assert generator(*inputs(generator)).shape == (200, 4)


def test_one_hot_parts_when_sampling():
    generator, _ = networks()
    rows = generator.eval()(*inputs(generator))
    for start, dim in ((1, 3), (6, 2)):
        part = rows[:, start : start + dim]
        assert torch.equal(part.sum(1), torch.ones(200))
        assert set(part.unique().tolist()) == {0, 1}
        assert (part.sum(0) > 0).all()


def test_softened_one_hot_parts_in_training():
    generator, _ = networks()
    rows = generator.train()(*inputs(generator))
    for start, dim in ((1, 3), (6, 2)):
        part = rows[:, start : start + dim]
        assert torch.allclose(part.sum(1), torch.ones(200), atol=1e-5)
        assert ((part > 0.01) & (part < 0.99)).any()
        assert torch.equal(part.argmax(1), generator.eval()(*inputs(generator))[:, start : start + dim].argmax(1))


def constant_scores(generator, scores):
    with torch.no_grad():
        generator.body[-1].weight.zero_()
        generator.skip.weight.zero_()
        generator.body[-1].bias.copy_(torch.tensor(scores))
    return generator


def test_numbers_stand_where_their_spans_say():
    generator, _ = networks()
    constant_scores(generator, [float(i) for i in range(9)])
    rows = generator.eval()(*inputs(generator))
    assert rows[:, [0, 4, 5, 8]].tolist() == [[0, 4, 5, 8]] * 200


def test_categories_are_drawn_with_the_probabilities_of_their_scores():
    generator, _ = networks()
    probabilities = torch.tensor([0.7, 0.2, 0.1])
    constant_scores(generator, [0.0, *probabilities.log().tolist(), 0.0, 0.0, 0.0, 0.0, 0.0])
    rows = generator.eval()(*inputs(generator, 20_000))
    assert torch.allclose(rows[:, 1:4].mean(0), probabilities, atol=0.015)
    assert torch.allclose(rows[:, 6:8].mean(0), torch.tensor([0.5, 0.5]), atol=0.015)


def test_extreme_noise_gives_finite_rows():
    generator, _ = networks()
    z = torch.full((2, generator.latent_dim), 40.0) * torch.tensor([[1.0], [-1.0]])
    for mode in (True, False):
        assert generator.train(mode)(z, torch.tensor([0, 1])).isfinite().all()


@pytest.mark.parametrize("training", [False, True])
def test_a_row_is_a_function_of_its_own_latent_and_class(training):
    generator, _ = networks()
    generator.train(training)
    z, c = inputs(generator)
    rows = generator(z, c)
    assert torch.equal(generator(z, c), rows)
    assert torch.allclose(generator(z[3:5], c[3:5]), rows[3:5], atol=1e-6)


def test_the_class_changes_rows_and_logits():
    generator, discriminator = networks()
    z, _ = inputs(generator)
    zeros, ones = torch.zeros(200, dtype=torch.long), torch.ones(200, dtype=torch.long)
    rows = generator(z, zeros)
    assert ((generator(z, ones) - rows).abs().amax(1) > 1e-3).all()
    assert ((discriminator(rows, zeros) - discriminator(rows, ones)).abs() > 1e-5).float().mean() > 0.95


@pytest.mark.parametrize("spectral_norm", [False, True])
def test_gradients_reach_every_parameter(spectral_norm):
    generator, discriminator = networks(spectral_norm=spectral_norm)
    z, c = inputs(generator)
    discriminator(generator(z, c), c).sum().backward()
    for name, parameter in [*generator.named_parameters(), *discriminator.named_parameters()]:
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


def test_gradients_of_categories_reach_their_scores():
    generator, _ = networks()
    rows = generator(*inputs(generator))
    rows[:, 1].sum().backward()
    reached = generator.body[-1].bias.grad.abs() > 0
    assert reached.tolist() == [False, True, True, True, False, False, False, False, False]


def test_spectral_norm_bounds_every_layer():
    _, discriminator = networks(spectral_norm=True)
    x = torch.randn(16, 9)
    for _ in range(50):
        discriminator(x, torch.zeros(16, dtype=torch.long))
    discriminator.eval()
    layers = [module for module in discriminator.modules() if hasattr(module, "parametrizations")]
    assert len(layers) == 4
    for layer in layers:
        assert torch.linalg.matrix_norm(layer.weight, 2).item() == pytest.approx(1, abs=0.02)


def test_weights_are_free_without_spectral_norm():
    _, discriminator = networks(spectral_norm=False)
    assert not any(hasattr(module, "parametrizations") for module in discriminator.modules())

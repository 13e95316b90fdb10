import numpy as np
import pytest
import torch
from ganaug.models.noise import Noise
from torch.nn import functional as F

from ganaug_translate.augment import augment
from ganaug_translate.losses import patch_nce, real_gradient_penalty
from ganaug_translate.networks import PatchDiscriminator, TranslationGenerator


def test_contrastive_loss_is_that_of_the_paper():
    random = torch.Generator().manual_seed(0)
    q, k = (F.normalize(torch.randn(2, 5, 8, generator=random), dim=2) for _ in range(2))
    expected = []
    for image in range(2):
        each = []
        for i in range(5):
            scores = torch.stack([q[image, i] @ k[image, j] / 0.07 for j in range(5)])
            each.append(-(scores[i] - torch.logsumexp(scores, 0)))
        expected.append(torch.stack(each).mean())
    assert torch.allclose(patch_nce([q], [k], 0.07), torch.stack(expected), atol=1e-5)
    assert torch.allclose(patch_nce([q, k], [k, k], 0.07), (patch_nce([q], [k], 0.07) + patch_nce([k], [k], 0.07)) / 2)


def test_penalty_of_a_linear_discriminator_is_half_its_squared_weights():
    weights = torch.randn(1, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    x = torch.rand(3, 2, 4, 4).requires_grad_()
    logits = (weights * x).sum((1, 2, 3)).view(3, 1, 1).expand(3, 2, 2)
    assert float(real_gradient_penalty(logits, x)) == pytest.approx(float(weights.square().sum() / 2), rel=1e-5)


@pytest.mark.parametrize(("shape", "depth"), [((1, 28, 28), 2), ((3, 9, 13), 1), ((1, 11, 30), 2)])
def test_networks_take_any_size(shape, depth):
    x = torch.rand(2, *shape) * 2 - 1
    made = TranslationGenerator(shape, 8, depth, 2)(x)
    assert made.images.shape == x.shape and made.mask.shape == (2, 1, *shape[1:])
    assert made.images.abs().max() <= 1 and 0 <= made.mask.min() and made.mask.max() <= 1
    assert len(made.features) == depth + 2
    assert PatchDiscriminator(shape[0], 8, depth)(x).shape[0] == 2


def test_where_nothing_is_painted_the_image_stays_as_it_is():
    generator = TranslationGenerator((1, 8, 8), 8, 1, 1)
    with torch.no_grad():
        generator.out.weight.zero_()
        generator.out.bias[-1] = -40
    x = torch.rand(2, 1, 8, 8) * 2 - 1
    assert torch.allclose(generator(x).images, x)


def test_augmented_images_are_shifted_by_whole_pixels_and_pass_gradients():
    x = torch.rand(64, 1, 16, 16).requires_grad_()
    seen = augment(x, Noise("cpu", 0), colours=False)
    moved = 0
    for before, after in zip(x.detach()[:, 0], seen.detach()[:, 0], strict=True):
        inner = after[4:12, 4:12]
        shifts = [
            (i, j) for i in range(9) for j in range(9) if torch.allclose(before[i : i + 8, j : j + 8], inner, atol=1e-4)
        ]
        assert len(shifts) == 1
        moved += shifts != [(4, 4)]
    assert moved > 40
    seen.sum().backward()
    assert x.grad is not None and x.grad.abs().sum() > 0
    coloured = augment(x.detach(), Noise("cpu", 0), colours=True)
    assert not np.allclose(coloured.mean((1, 2, 3)), seen.detach().mean((1, 2, 3)), atol=0.01)

import math

import pytest
import torch
from torch import nn

from ganaug.core.registry import lookup, names
from ganaug.models.noise import Noise
from ganaug.models.objectives import Hinge, LeastSquares, Relativistic, Vanilla, Wasserstein, WassersteinGP

ALL = [lookup("objectives", name) for name in ("vanilla", "lsgan", "wgan", "wgan-gp", "hinge", "relativistic")]
REAL = torch.tensor([2.0, -1.0], dtype=torch.double)
FAKE = torch.tensor([0.5, -3.0], dtype=torch.double)


def softplus(x):
    return math.log1p(math.exp(x))


D_LOSS = {
    Vanilla: (softplus(-2) + softplus(1)) / 2 + (softplus(0.5) + softplus(-3)) / 2,
    LeastSquares: (1 + 4) / 4 + (0.25 + 9) / 4,
    Wasserstein: -1.25 - 0.5,
    WassersteinGP: -1.25 - 0.5,
    Hinge: (0 + 2) / 2 + (1.5 + 0) / 2,
    Relativistic: (softplus(-1.5) + softplus(-2)) / 2,
}
G_LOSS = {
    Vanilla: (softplus(-0.5) + softplus(3)) / 2,
    LeastSquares: (0.25 + 16) / 4,
    Wasserstein: 1.25,
    WassersteinGP: 1.25,
    Hinge: 1.25,
    Relativistic: (softplus(1.5) + softplus(2)) / 2,
}


def test_every_registered_objective_is_tested_here():
    registered = {lookup("objectives", name) for name in names("objectives")}
    ours = {one for one in registered if one.__module__.startswith("ganaug.")}  # plugins may bring more
    assert ours == D_LOSS.keys() == G_LOSS.keys()


@pytest.mark.parametrize("objective", ALL)
def test_losses_by_hand(objective):
    assert objective().discriminator_loss(REAL, FAKE).item() == pytest.approx(D_LOSS[objective])
    assert objective().generator_loss(REAL, FAKE).item() == pytest.approx(G_LOSS[objective])


@pytest.mark.parametrize("loss", ["discriminator_loss", "generator_loss"])
@pytest.mark.parametrize("objective", ALL)
def test_losses_have_the_gradients_of_finite_differences(objective, loss):
    real, fake = torch.randn(2, 7, dtype=torch.double, generator=torch.Generator().manual_seed(0)).requires_grad_()
    assert torch.autograd.gradcheck(getattr(objective(), loss), (real, fake))


@pytest.mark.parametrize("objective", ALL)
def test_descending_the_losses_moves_logits_the_right_way(objective):
    real, fake = torch.zeros(2, 5, dtype=torch.double).requires_grad_()
    real_gradient, fake_gradient = torch.autograd.grad(objective().discriminator_loss(real, fake), (real, fake))
    assert (real_gradient < 0).all()
    assert (fake_gradient >= 0).all()
    assert (fake_gradient > 0).all() or objective is LeastSquares
    (fake_gradient,) = torch.autograd.grad(objective().generator_loss(real, fake), fake)
    assert (fake_gradient < 0).all()


@pytest.mark.parametrize("objective", [Vanilla, Relativistic])
def test_losses_are_finite_for_extreme_logits(objective):
    real, fake = torch.tensor([1e4, -1e4]), torch.tensor([-1e4, 1e4])
    assert objective().discriminator_loss(real, fake).isfinite()
    assert objective().generator_loss(real, fake).isfinite()


def test_relativistic_loss_compares_pairs():
    paired = Relativistic().discriminator_loss(torch.tensor([9.0, 0.0]), torch.tensor([8.0, -1.0]))
    crossed = Relativistic().discriminator_loss(torch.tensor([9.0, 0.0]), torch.tensor([-1.0, 8.0]))
    assert paired.item() == pytest.approx(softplus(-1))
    assert crossed > paired


def test_label_smoothing_lowers_the_target_of_real_samples_only():
    smoothed = LeastSquares(0.1)
    assert smoothed.discriminator_loss(REAL, FAKE).item() == pytest.approx((1.1**2 + 1.9**2) / 4 + (0.25 + 9) / 4)
    assert smoothed.generator_loss(REAL, FAKE).item() == pytest.approx(G_LOSS[LeastSquares])
    best = torch.tensor([math.log(0.9 / 0.1)], dtype=torch.double, requires_grad=True)
    (gradient,) = torch.autograd.grad(Vanilla(0.1).discriminator_loss(best, torch.zeros_like(best)), best)
    assert gradient.item() == pytest.approx(0, abs=1e-12)
    assert Vanilla(0.1).generator_loss(REAL, FAKE).item() == pytest.approx(G_LOSS[Vanilla])


@pytest.mark.parametrize("objective", ALL)
def test_accuracy_of_perfect_hopeless_and_mixed_discriminators(objective):
    high, low = torch.full((4,), 5.0), torch.full((4,), -5.0)
    assert [float(share) for share in objective().accuracy(high, low)] == [1, 1]
    assert [float(share) for share in objective().accuracy(low, high)] == [0, 0]
    mixed = objective().accuracy(torch.tensor([5.0, 5.0, 5.0, -5.0]), torch.tensor([-5.0, -5.0, 5.0, -5.0]))
    assert [float(share) for share in mixed] == [0.75, 0.75]


def test_accuracy_edges():
    real, fake = torch.tensor([0.4, 0.6]), torch.tensor([0.1, -0.1])
    assert [float(share) for share in Vanilla().accuracy(real, fake)] == [1, 0.5]
    assert [float(share) for share in LeastSquares().accuracy(real, fake)] == [0.5, 1]
    assert [float(share) for share in Relativistic().accuracy(real + 100, fake + 100)] == [1, 1]


def test_weight_clipping():
    discriminator = nn.Linear(3, 2)
    with torch.no_grad():
        discriminator.weight.copy_(torch.tensor([[1.0, -1.0, 0.005], [0.0, -0.005, 0.02]]))
    Wasserstein().constrain(discriminator)
    expected = torch.tensor([[0.01, -0.01, 0.005], [0.0, -0.005, 0.01]])
    assert torch.equal(discriminator.weight, expected)
    assert discriminator.bias.abs().max() <= 0.01
    assert discriminator.weight.requires_grad


@pytest.mark.parametrize("objective", [Vanilla, LeastSquares, WassersteinGP, Hinge, Relativistic])
def test_other_objectives_leave_the_weights_alone(objective):
    discriminator = nn.Linear(3, 2)
    before = discriminator.weight.clone()
    objective().constrain(discriminator)
    assert torch.equal(discriminator.weight, before)


class Linear:
    """``D(x, c) = w[c] · x``: the gradient is ``w[c]`` everywhere."""

    def __init__(self, w):
        self.w, self.seen = w, []

    def __call__(self, x, c):
        self.seen.append((x.detach(), c))
        return (self.w[c] * x.flatten(1)).sum(1)


class Curved:
    """A smooth D whose gradient depends on its weights and on x."""

    def __init__(self, a, b):
        self.a, self.b = a, b

    def __call__(self, x, c):
        return torch.tanh(x.flatten(1) @ self.a + self.b[c]).pow(2).sum(1)


def penalty(objective, discriminator, x, c, seed=0):
    x = x.detach().requires_grad_()
    return objective().penalty(discriminator, x, c, discriminator(x, c), Noise("cpu", seed))


W = torch.tensor([[3.0, 4.0], [0.6, 0.8]], dtype=torch.double)  # norms 5 and 1
X = torch.randn(8, 2, dtype=torch.double, generator=torch.Generator().manual_seed(1))
C = torch.tensor([0, 1, 1, 1]).repeat(2)


def test_wgan_gp_penalty_of_a_linear_discriminator():
    assert penalty(WassersteinGP, Linear(W), X, C).item() == pytest.approx(((5 - 1) ** 2 + 0 + 0 + 0) / 4)


def test_wgan_gp_penalty_of_images_counts_all_pixels():
    w = torch.full((1, 3 * 4 * 4), 0.5, dtype=torch.double)
    images = torch.randn(6, 3, 4, 4, dtype=torch.double)
    expected = (0.5 * math.sqrt(48) - 1) ** 2
    assert penalty(WassersteinGP, Linear(w), images, torch.zeros(6, dtype=torch.long)).item() == pytest.approx(expected)


def test_wgan_gp_penalty_is_taken_between_real_and_fake():
    discriminator = Linear(W)
    penalty(WassersteinGP, discriminator, X, C)
    between, c = discriminator.seen[-1]
    real, fake = X.chunk(2)
    share = ((between - real) / (fake - real)).detach()
    assert torch.allclose(share[:, 0], share[:, 1])
    assert ((share >= 0) & (share <= 1)).all()
    assert len(share[:, 0].unique()) == 4
    assert torch.equal(c, C[:4])


def test_wgan_gp_penalty_is_drawn_from_its_generator():
    curved = Curved(W, W)
    before = torch.get_rng_state()
    assert penalty(WassersteinGP, curved, X, C, 1) == penalty(WassersteinGP, curved, X, C, 1)
    assert penalty(WassersteinGP, curved, X, C, 1) != penalty(WassersteinGP, curved, X, C, 2)
    assert torch.equal(before, torch.get_rng_state())


def test_relativistic_penalty_of_a_linear_discriminator():
    assert penalty(Relativistic, Linear(W), X, C).item() == pytest.approx((25 + 1 + 1 + 1) / 4)


def test_relativistic_penalty_is_half_r1_plus_half_r2():
    images = torch.randn(6, 1, 4, 4, dtype=torch.double)
    real, fake = images.chunk(2)
    expected = (real.flatten(1).square().sum(1).mean() + fake.flatten(1).square().sum(1).mean()) / 2
    c = torch.zeros(6, dtype=torch.long)

    def half_square(x, c):
        return x.flatten(1).square().sum(1) / 2

    assert penalty(Relativistic, half_square, images, c).item() == pytest.approx(expected.item())


@pytest.mark.parametrize("objective", [WassersteinGP, Relativistic])
def test_penalties_have_the_gradients_of_finite_differences(objective):
    a = torch.randn(2, 3, dtype=torch.double, generator=torch.Generator().manual_seed(2)).requires_grad_()
    b = torch.randn(2, 3, dtype=torch.double, generator=torch.Generator().manual_seed(3)).requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: penalty(objective, Curved(a, b), X, C), (a, b))

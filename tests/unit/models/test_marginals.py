import numpy as np
import pandas as pd
import torch
from scipy.stats import ks_2samp

import ganaug
from ganaug.data.codec import Span
from ganaug.models.marginals import Marginals

SPANS = (Span(0, 1, "normal", 0), Span(1, 2, "softmax", 0), Span(3, 1, "normal", 1), Span(4, 3, "softmax", 2))


def rows(n, seed, shift=0.0):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 7, generator=g) + shift
    for first, dim, share in ((1, 2, [0.7, 0.3]), (4, 3, [0.5, 0.3, 0.2])):
        drawn = torch.multinomial(torch.tensor(share), n, replacement=True, generator=g)
        x[:, first : first + dim] = torch.nn.functional.one_hot(drawn, dim).float()
    return x


def test_it_starts_as_no_change():
    marginals = Marginals(SPANS, 2)
    x = 3 * torch.randn(50, 7)
    assert torch.allclose(marginals(x, torch.arange(50) % 2), x, atol=1e-5)


def test_quantiles_of_a_class_become_the_real_ones():
    marginals = Marginals(SPANS, 2)
    made, real = rows(4000, 0, shift=0.7), rows(3000, 1)
    marginals.fit_numbers(1, made, real)
    fixed = marginals(made.clone(), torch.ones(len(made), dtype=torch.long))
    known = made[:, 1] > 0.5
    assert abs(fixed[known, 0].quantile(0.9) - real[real[:, 1] > 0.5, 0].quantile(0.9)) < 0.05
    assert abs(fixed[:, 3].mean() - real[:, 3].mean()) < 0.02
    assert torch.equal(marginals(made.clone(), torch.zeros(len(made), dtype=torch.long)), made)


def test_a_class_of_few_rows_is_left_alone():
    marginals = Marginals(SPANS, 1)
    before = {name: tensor.clone() for name, tensor in marginals.state_dict().items()}
    marginals.fit_numbers(0, rows(500, 0), rows(4, 1))
    marginals.fit_levels(0, rows(500, 0), rows(4, 1))
    assert all(torch.equal(tensor, before[name]) for name, tensor in marginals.state_dict().items())


def test_trained_rows_have_the_columns_of_the_class():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [500, 300])
    X = pd.DataFrame({"x": rng.exponential(1 + y), "kind": np.where(rng.random(800) < 0.2 + 0.5 * y, "a", "b")})
    gan = ganaug.train(X, y, max_steps=60, random_state=0)
    for label in (0, 1):
        made, real = gan.sample(2000, label=label, random_state=0), X[y == label]
        assert abs((made.kind == "a").mean() - (real.kind == "a").mean()) < 0.06
        assert ks_2samp(made.x, real.x).statistic < 0.1

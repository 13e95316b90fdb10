import pytest
import torch
from torch import nn

from ganaug.models.layers import ProjectionHead, normalised


def test_the_projection_head_is_the_formula():
    torch.manual_seed(0)
    head, features, c = ProjectionHead(4, 3, normalise=False), torch.randn(5, 4), torch.tensor([0, 2, 1, 1, 0])
    expected = [head.linear(f)[0] + head.embedding.weight[k] @ f / 2 for f, k in zip(features, c, strict=True)]
    torch.testing.assert_close(head(features, c), torch.stack(expected))
    assert head(features, torch.stack([c, c.flip(0)])).shape == (2, 5)


@pytest.mark.parametrize("on", [False, True])
def test_spectral_normalisation_is_there_if_asked_for(on):
    layer = normalised(nn.Linear(6, 6, bias=False), on)
    with torch.no_grad():
        for _ in range(50):
            layer(torch.randn(2, 6))
    norm = torch.linalg.matrix_norm(layer.eval().weight, 2).item()
    assert (norm == pytest.approx(1, abs=1e-3)) is on

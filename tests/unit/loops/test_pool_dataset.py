import numpy as np
import pytest
from torch.utils.data import ConcatDataset, DataLoader

pytest.importorskip("torchvision")

from torchvision.transforms import v2

import ganaug
from ganaug import PoolDataset, SchemaError


def test_every_sample_of_the_pool_once_in_order(pool):
    data = PoolDataset(pool)
    assert len(data) == 21 and data.targets == [0] * 5 + [1] * 7 + [2] * 9
    values = [int(np.asarray(image)[0, 0, 0]) for image, _ in data]
    assert values == [20 + 20 * c + i for c, n in enumerate((5, 7, 9)) for i in range(n)]
    assert [label for _, label in data] == data.targets


def test_labels_are_positions_among_the_names_of_another_data_set(named_pool):
    data = PoolDataset(named_pool.path, classes=["owl", "cat", "emu", "dog"])
    assert data.targets == [1] * 5 + [3] * 7 + [0] * 9


def test_a_class_that_the_names_lack_is_an_error(named_pool):
    with pytest.raises(SchemaError, match="owl"):
        PoolDataset(named_pool, classes=["cat", "dog"])


def test_joined_with_real_data_in_workers(pool):
    import torch

    to_tensor = v2.Compose([v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True)])
    real = [(torch.rand(3, 8, 8), label) for label in (0, 0, 0, 0, 1, 2)]
    loader = DataLoader(ConcatDataset([real, PoolDataset(pool, to_tensor)]), 9, num_workers=1)
    shapes = [tuple(images.shape) for images, _ in loader]
    assert shapes == [(9, 3, 8, 8)] * 3


def test_it_is_public():
    assert "PoolDataset" in ganaug.__all__

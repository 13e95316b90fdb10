"""What is particular to residual networks; test_conv.py tests what all networks of images have in common."""

import numpy as np
import pytest
import torch

import ganaug
from ganaug.core.provenance import KEPT, NEW
from ganaug.models.resnet import ResidualBlock

FAST = {"max_steps": 3, "batch_size": 8, "device": "cpu", "random_state": 0}


def images(side, labels="abc", channels=None):
    rng = np.random.default_rng(len(labels) + side)
    shape = (12 * len(labels), side, side) + (() if channels is None else (channels,))
    return rng.integers(0, 256, shape).astype(np.uint8), np.repeat(list(labels), 12)


@pytest.fixture(scope="module")
def source():
    return ganaug.train(*images(16, channels=3), network="resnet", width=6, **FAST)


@pytest.mark.parametrize("channels", [4, 9, 25])
def test_a_block_starts_as_the_identity_whatever_its_channels(channels):
    x = torch.randn(2, channels, 5, 6)
    assert torch.equal(ResidualBlock(channels, 4)(x), x)


def test_a_block_depends_on_the_class_once_it_has_learnt():
    block = ResidualBlock(8, 4, n_classes=2)
    torch.nn.init.normal_(block.leave.weight)
    x = torch.randn(2, 8, 5, 6)
    one = block(x, torch.tensor([0, 1]))
    with torch.no_grad():
        block.shift.weight[1] += 1
    other = block(x, torch.tensor([0, 1]))
    assert torch.equal(one[0], other[0])
    assert not torch.allclose(one[1], other[1])


def test_training_reaches_every_weight(source):
    fresh = ganaug.train(*images(16, channels=3), network="resnet", width=6, **FAST | {"max_steps": 1})
    for part in ("generator", "discriminator"):
        now, before = getattr(source, part).state_dict(), getattr(fresh, part).state_dict()
        still = {name for name in before if torch.equal(now[name], before[name])}
        assert still <= {"octaves.gains", "tone.made", "tone.real", "head.linear.bias"}


def test_it_is_saved_and_loaded_and_learns_from_wrong_labels(source, tmp_path):
    assert source.config.mismatch_weight > 0
    source.save(tmp_path / "cells.safetensors")
    again = ganaug.load(tmp_path / "cells.safetensors")
    ours, theirs = (gan.sample(3, label="b", random_state=0) for gan in (source, again))
    assert ours.shape == (3, 16, 16, 3)
    assert np.array_equal(ours, theirs)


def test_fine_tuning_keeps_what_fits_at_another_size_and_colour(source):
    same = ganaug.finetune(source, *images(16, channels=3), **FAST).transfer
    assert set(same.tensors.values()) == {KEPT}
    other = ganaug.finetune(source, *images(32, "bcd"), **FAST)
    assert other.config.network == "resnet"
    assert other.sample(2, label="d").shape == (2, 32, 32)
    blocks = {name: status for name, status in other.transfer.tensors.items() if ".mix.weight" in name}
    assert list(blocks.values()).count(KEPT) >= len(blocks) // 2
    assert NEW in other.transfer.tensors.values()


def test_scale_shift_leaves_the_convolutions_of_the_generator(source):
    gan = ganaug.finetune(source, *images(16, "abx", 3), method="scale-shift", **FAST)
    blocks = [one.blocks[0][0] for one in (source.generator, gan.generator)]
    assert torch.equal(*(block.mix.weight for block in blocks))
    assert not torch.equal(*(block.shift.weight for block in blocks))

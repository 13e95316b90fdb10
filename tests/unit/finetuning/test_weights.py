"""Tensor by tensor, on networks small enough to see; test_finetune.py does it with whole models."""

import pytest
import torch
from torch import nn

from ganaug.finetuning.weights import transplant
from ganaug.models.layers import ClassEmbedding
from ganaug.models.layout import CHANNEL, CLASS, ENTRY, FEATURE, Part


def same(n):
    return torch.eye(n), torch.eye(n)


class Rows(nn.Module):
    def __init__(self, entries, hidden=3):
        super().__init__()
        self.enter = nn.Linear(entries, hidden)

    def anatomy(self):
        return {"enter": Part("in", (FEATURE, ENTRY))}


class Colours(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.out = nn.Conv2d(2, channels, 1)

    def anatomy(self):
        return {"out": Part("out", (CHANNEL, FEATURE, FEATURE, FEATURE))}


def test_what_is_equal_is_kept_and_the_source_stays():
    source, target = Rows(2), Rows(2)
    before = source.enter.weight.detach().clone()
    assert set(transplant(source, target, {ENTRY: same(2)}).values()) == {"kept"}
    assert torch.equal(target.enter.weight, before) and torch.equal(source.enter.weight, before)


def test_entries_go_where_their_names_are_and_new_ones_begin_anew():
    source, target = Rows(2), Rows(3)
    fresh = target.enter.weight.detach().clone()
    match = torch.tensor([[0.0, 1], [0, 0], [1, 0]])  # the second, none, the first
    assert transplant(source, target, {ENTRY: (match, match)})["enter.weight"] == "adapted"
    assert torch.equal(target.enter.weight[:, [0, 2]], source.enter.weight[:, [1, 0]])
    assert torch.equal(target.enter.weight[:, 1], fresh[:, 1])


@pytest.mark.parametrize(
    ("target", "names"), [(Rows(2, hidden=4), {"enter.weight", "enter.bias"}), (nn.Linear(2, 3), {"weight", "bias"})]
)
def test_what_fits_nothing_is_new_and_untouched(target, names):
    before = {name: tensor.clone() for name, tensor in target.state_dict().items()}
    statuses = transplant(Rows(2), target, {ENTRY: same(2)})
    assert statuses == dict.fromkeys(names, "new")
    assert all(torch.equal(tensor, before[name]) for name, tensor in target.state_dict().items())


def test_embeddings_follow_their_classes():
    source, target = nn.Sequential(ClassEmbedding(2, 3)), nn.Sequential(ClassEmbedding(2, 3))
    swapped = torch.tensor([[0.0, 1], [1, 0]])
    transplant(source, target, {CLASS: (swapped, swapped)})
    assert torch.equal(target[0].weight, source[0].weight[[1, 0]])


def test_gray_becomes_a_pale_gray_in_colour_so_that_it_can_still_change():
    source, target = Colours(1), Colours(3)
    every = torch.ones(3, 1)
    assert transplant(source, target, {CHANNEL: (every, every)})["out.weight"] == "adapted"
    torch.testing.assert_close(target.out.weight, 0.1 * source.out.weight.expand(3, -1, -1, -1))

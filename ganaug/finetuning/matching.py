"""What two models have in common: classes, columns, numbers, colours."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ganaug.core.classes import Classes
from ganaug.data.codec import Codec
from ganaug.data.encoded import Encoded
from ganaug.finetuning.weights import transplant
from ganaug.models.gan import ConditionalGAN
from ganaug.models.layout import CHANNEL, CLASS, ENTRY, NUMBER, Axis
from ganaug.models.networks import network_named

_MAX_SAMPLES_ASKED = 4096  # samples times classes that the source's discriminator is asked about, for a target class
_COLOURS = 3
_TEMPERATURE = 0.3  # of the softmax over the source's classes, in standard deviations of the scores


def match_axes(source: Codec, target: Codec, classes: Tensor) -> dict[Axis, tuple[Tensor, Tensor]]:
    """Return, for each kind of axis, how target entries are made of source entries, as outputs and as inputs.

    Parameters
    ----------
    source, target : Codec
    classes : Tensor of shape (n_target, n_source)
        How the target's classes are made of the source's; see `share_classes`.
    """
    columns = _same(source.entries, target.entries)
    numbers = _same(_numbers(source), _numbers(target))
    channels = _channels(source.sample_shape[0], target.sample_shape[0])
    gathered = channels / channels.sum(1, keepdim=True).clamp_min(1)
    spread = channels / channels.sum(0, keepdim=True).clamp_min(1)
    return {
        CLASS: (classes, classes),
        ENTRY: (columns, columns),
        NUMBER: (numbers, numbers),
        CHANNEL: (gathered, spread),
    }


def _numbers(codec: Codec) -> list[Any]:
    return [codec.entries[span.start] for span in codec.spans if span.activation == "normal"]


def _same(old: Sequence[Any], new: Sequence[Any]) -> Tensor:
    """Return ``(len(new), len(old))``, 1 where two names are equal."""
    position = {name: i for i, name in enumerate(old)}
    match = torch.zeros(len(new), len(old))
    for i, name in enumerate(new):
        if name in position:
            match[i, position[name]] = 1
    return match


def share_classes(source: Classes, target: Classes) -> Tensor:
    """Return ``(n_target, n_source)``, 1 where two classes have one label."""
    return _same(source.labels.tolist(), target.labels.tolist())


def _channels(old: int, new: int) -> Tensor:
    """Return ``(new, old)``, 1 where a channel speaks of another: gray of every colour, transparency of itself."""
    match = torch.zeros(new, old)
    if min(old, new) == 1 < max(old, new):
        match[:_COLOURS, :_COLOURS] = 1
    else:
        match.fill_diagonal_(1)
    return match


@torch.no_grad()
def weigh_classes(
    source: ConditionalGAN,
    target: ConditionalGAN,
    data: Encoded,
    matches: dict[Axis, tuple[Tensor, Tensor]],
    seed: int,
) -> Tensor:
    """Return how likely the source's discriminator finds the target's samples in its classes, by class."""
    n = len(source.classes)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        build = network_named(target.config.network).build
        _, judge = build(target.codec.sample_shape, target.codec.spans, n, target.config)
    identity = torch.eye(n)
    transplant(source.discriminator, judge, matches | {CLASS: (identity, identity)})
    judge.eval()
    shares = []
    for condition in range(len(target.classes)):
        x = torch.from_numpy(data.of_class(condition)[: max(1, _MAX_SAMPLES_ASKED // n)])
        shares.append(torch.stack([judge(x, torch.full((len(x),), k)).mean() for k in range(n)]))
    scores = torch.stack(shares)  # (n_target, n_source)
    scores = scores - scores.mean(0)
    return (scores / scores.std().clamp_min(1e-6) / _TEMPERATURE).softmax(1)

import numpy as np
import pandas as pd
import pytest
import torch

import ganaug
from ganaug.core.classes import Classes
from ganaug.data.encoded import encode
from ganaug.data.image.codec import ImageCodec
from ganaug.data.table.codec import TableCodec
from ganaug.finetuning.matching import match_axes, share_classes, weigh_classes
from ganaug.models.layout import CHANNEL, CLASS, ENTRY, NUMBER


def images(channels):
    return ImageCodec.fit(np.zeros((2, 8, 8, channels) if channels > 1 else (2, 8, 8), np.uint8))


def test_classes_are_matched_by_label():
    one, other = Classes(np.array(["a", "b"]), [1, 1]), Classes(np.array(["b", "c", "a"]), [1, 1, 1])
    assert share_classes(one, other).tolist() == [[0, 1], [0, 0], [1, 0]]


def test_columns_are_matched_by_name_and_levels_by_value():
    frame = pd.DataFrame({"x": np.arange(9.0), "k": list("aabbaabba")})
    other = pd.DataFrame({"k": list("bbbccaaaa"), "y": np.arange(9.0), "x": np.arange(9.0)})
    source, target = TableCodec.fit(frame), TableCodec.fit(other)
    outputs, inputs = match_axes(source, target, torch.eye(1))[ENTRY]
    assert torch.equal(outputs, inputs)
    named = {
        target.entries[i]: [source.entries[j] for j in np.flatnonzero(row)] for i, row in enumerate(outputs.numpy())
    }
    kept = {name for name, found in named.items() if found}
    assert all(found == [name] for name, found in named.items() if found)
    assert kept == set(source.entries) & set(target.entries)
    assert len(kept) == 3  # x, and the levels a and b


@pytest.mark.parametrize(
    ("old", "new", "outputs", "inputs"),
    [
        (1, 1, [[1]], [[1]]),
        (3, 1, [[1 / 3] * 3], [[1, 1, 1]]),  # gray is the mean of colours, and speaks to each
        (1, 3, [[1], [1], [1]], [[1 / 3]] * 3),
        (3, 4, [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]], [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]),
    ],
)
def test_colours(old, new, outputs, inputs):
    found = match_axes(images(old), images(new), torch.eye(2))
    np.testing.assert_allclose(found[CHANNEL][0], outputs, atol=1e-6)
    np.testing.assert_allclose(found[CHANNEL][1], inputs, atol=1e-6)
    assert torch.equal(found[CLASS][0], torch.eye(2)) and found[NUMBER][0].shape == (0, 0)


def test_classes_are_weighed_by_shares_that_repeat_and_leave_torch_alone(digit_images):
    source = ganaug.train(*digit_images, max_steps=2, random_state=0)
    data = encode(digit_images[0], np.array(["x", "y"])[digit_images[1]])
    matches = match_axes(source.codec, data.codec, torch.zeros(2, 2))
    target = ganaug.ConditionalGAN(data.codec, data.classes, source.config, seed=1)
    before = torch.get_rng_state()
    first, again = (weigh_classes(source, target, data, matches, seed=0) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state()) and torch.equal(first, again)
    torch.testing.assert_close(first.sum(1), torch.ones(2))

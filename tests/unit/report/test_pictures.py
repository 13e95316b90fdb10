import io
from base64 import b64decode

import numpy as np
import pytest

pytest.importorskip("PIL")

from PIL import Image

from ganaug.report.pictures import grid, pairs, shown


def opened(uri):
    head, _, content = uri.partition(",")
    image = Image.open(io.BytesIO(b64decode(content)))
    assert head == f"data:image/{image.format.lower()};base64"
    return image


def test_small_images_are_enlarged_without_blur_and_gaps_are_transparent():
    images = np.zeros((9, 8, 8), np.uint8)
    images[:, 0, 0] = 255
    sheet = np.asarray(opened(grid(images)).convert("RGBA"))
    assert sheet.shape == (2 * 32 + 3, 8 * 32 + 7 * 3, 4)
    assert set(np.unique(sheet[:32, :32, :3])) == {0, 255} and (sheet[:4, :4, :3] == 255).all()
    assert (sheet[:, 32:35, 3] == 0).all() and (sheet[40:, 40:, 3] == 0).all()


@pytest.mark.parametrize(("n", "most"), [(3, 3), (24, 24), (500, 24)])
def test_no_more_than_24_are_shown(n, most):
    images = np.zeros((n, 32, 32), np.uint8)
    assert shown(images) == most
    assert opened(grid(images)).height == -(-most // 8) * 32 + (-(-most // 8) - 1) * 3


def test_large_images_are_made_smaller_and_in_colour_compressed():
    image = opened(grid(np.random.default_rng(0).integers(0, 256, (1, 100, 200, 3), dtype=np.uint8)))
    assert (image.format, image.size) == ("WEBP", (64, 32))


def test_pairs_are_two_rows():
    above, below = np.zeros((3, 32, 32), np.uint8), np.full((3, 32, 32), 255, np.uint8)
    sheet = np.asarray(opened(pairs(above, below)).convert("RGBA"))
    assert sheet[0, 0].tolist() == [0, 0, 0, 255] and sheet[-1, 0].tolist() == [255, 255, 255, 255]

import numpy as np
import pytest

pytest.importorskip("PIL")

from ganaug.synthesis.preview import MAX_SHOWN, contact_sheet


def test_real_images_stand_above_synthetic_ones(gan, images):
    X, y = images
    dark = np.full((3, 1, 8, 8), -1.0, dtype=np.float32)
    alone = contact_sheet(gan, {"cat": dark}, None)
    both = contact_sheet(gan, {"cat": dark}, (np.full_like(X, 255), y))
    assert both.width == alone.width and both.height > alone.height
    sheet = np.asarray(both.convert("L"))
    black = np.flatnonzero((sheet == 0).sum(1) > 40)  # rows of the tiles: the text has fewer black pixels in one
    assert black.min() > both.height / 2


def test_no_more_images_are_shown_than_two_rows(gan):
    few, many = (
        contact_sheet(gan, {"cat": np.zeros((n, 1, 8, 8), dtype=np.float32)}, None) for n in (MAX_SHOWN, 3 * MAX_SHOWN)
    )
    assert few.size == many.size


def test_a_class_without_real_images_shows_the_synthetic_ones_alone(gan, images):
    X, y = images
    made = {name: np.zeros((2, 1, 8, 8), dtype=np.float32) for name in ("cat", "dog")}
    known = contact_sheet(gan, made, (X, y))
    cats = contact_sheet(gan, made, (X[y == "cat"], y[y == "cat"]))
    assert cats.height < known.height

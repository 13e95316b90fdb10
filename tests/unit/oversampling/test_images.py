import numpy as np
import pytest

from ganaug.oversampling.images import Deformations, Recoloured, Repeats


@pytest.fixture
def own():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:20, 0:16]
    centres = rng.uniform(6, 10, (5, 2))
    blobs = [np.exp(-((y - a) ** 2 + (x - b) ** 2) / 12) for a, b in centres]
    return np.stack([np.stack([2 * blob - 1, 1 - blob, blob - 0.5]) for blob in blobs]).astype(np.float32)


def test_images_are_bent_but_not_blurred(own):
    rng = np.random.default_rng(1)
    made = Deformations(own, rng).draw(40, rng)
    assert made.shape == (40, 3, 20, 16) and made.dtype == np.float32
    for image in made:
        source = [all(np.isin(a, b).all() for a, b in zip(image, real, strict=True)) for real in own]
        assert sum(source) == 1
        assert 0.3 < np.corrcoef(image.ravel(), own[np.argmax(source)].ravel())[0, 1] < 0.9999


def test_the_ground_stays_clean_where_a_figure_shrinks():
    small, large = np.full((2, 1, 28, 28), -1, dtype=np.float32)
    small[0, 11:17, 11:17], large[0, 5:23, 5:23] = 1, 1
    rng = np.random.default_rng(0)
    for image in Deformations(np.stack([small, large]), rng).draw(50, rng)[:, 0]:
        assert (image[[0, 1, -2, -1]] == -1).all() and (image[:, [0, 1, -2, -1]] == -1).all()
        assert image[13:15, 13:15].min() == 1


def test_the_seed_decides(own):
    a, b, c = (Deformations(own, rng).draw(3, rng) for rng in map(np.random.default_rng, (1, 1, 2)))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)


def test_none_may_be_asked_for(own):
    rng = np.random.default_rng(0)
    assert Deformations(own, rng).draw(0, rng).shape == (0, 3, 20, 16)


def test_images_lie_on_the_way_to_others_of_their_class():
    y, x = np.mgrid[0:28, 0:28]
    blobs = np.stack([[2 * np.exp(-((y - 14) ** 2 + (x - b) ** 2) / 8) - 1] for b in (9, 19)]).astype(np.float32)
    rng = np.random.default_rng(0)
    made = Deformations(blobs, rng).draw(200, rng)
    weight = (made[:, 0] + 1) / (made[:, 0] + 1).sum((1, 2), keepdims=True)
    across, down = (weight * x).sum((1, 2)), (weight * y).sum((1, 2))
    assert across.min() < 10 and across.max() > 18 and np.histogram(across, 5, (9, 19))[0].min() > 10
    assert np.abs(down - 14).max() < 2.5


def test_one_image_is_bent_at_random(own):
    rng = np.random.default_rng(0)
    made = Deformations(own[:1], rng).draw(10, rng)
    assert len({image.tobytes() for image in made}) == 10


def test_of_very_many_images_some_are_bent(monkeypatch, own):
    monkeypatch.setattr("ganaug.oversampling.images._MOST", 3)
    rng = np.random.default_rng(0)
    deformations = Deformations(own, rng)
    assert len(deformations.own) == 3 and len(deformations.ways) == 6
    assert deformations.draw(5, rng).shape == (5, 3, 20, 16)


def test_pixels_move_at_random_by_a_share_of_the_longer_side_and_together():
    rng = np.random.default_rng(0)
    deformations = Deformations(np.zeros((1, 1, 80, 40), dtype=np.float32), rng)
    displacements = deformations._random(50, rng) * deformations.shift
    pixels = displacements.numpy() * np.array([40, 80]) / 2  # x, y in units of a pixel
    np.testing.assert_allclose(pixels.std(axis=(1, 2)), np.full((50, 2), 80 * 0.75 / 28), rtol=0.01)
    assert np.abs(np.diff(pixels, axis=1)).max() < 2


def test_recoloured_images_have_the_mean_and_spread_of_another():
    rng = np.random.default_rng(0)
    own = rng.normal(0, 0.1, (3, 3, 6, 6)).astype(np.float32)
    worn = (rng.normal(0, 0.05, (5, 3, 6, 6)) + rng.uniform(-0.5, 0.5, (5, 3, 1, 1))).astype(np.float32)
    made = Recoloured(own, worn).draw(50, rng)
    assert made.dtype == np.float32
    for image in made:
        near = np.isclose(worn.mean((2, 3)), image.mean((1, 2)), atol=1e-5).all(axis=1)
        assert near.sum() == 1
        np.testing.assert_allclose(image.std((1, 2)), worn[near.argmax()].std((1, 2)), rtol=1e-4)


@pytest.mark.parametrize(("shape", "ways"), [((6, 6), 8), ((6, 4), 4)])
def test_recoloured_images_are_turned_and_mirrored_without_resampling(shape, ways):
    rng = np.random.default_rng(0)
    own = rng.uniform(-0.9, 0.9, (1, 3, *shape)).astype(np.float32)
    made = Recoloured(own, own).draw(200, rng)
    found = {image.tobytes() for image in made.round(3)}
    assert len(found) == ways
    for image in made:
        np.testing.assert_allclose(np.sort(image.ravel()), np.sort(own.ravel()), atol=1e-5)


def test_a_constant_channel_stays_constant():
    own = np.concatenate([np.random.default_rng(0).uniform(-1, 1, (2, 3, 4, 4)), np.ones((2, 1, 4, 4))], axis=1)
    assert (Recoloured(own.astype(np.float32), own).draw(8, np.random.default_rng(0))[:, 3] == 1).all()


def test_repeats_are_the_images_themselves(own):
    made = Repeats(own).draw(30, np.random.default_rng(0))
    assert (made[:, None] == own[None]).all(axis=(2, 3, 4)).any(axis=1).all()
    assert Repeats(own).draw(0, np.random.default_rng(0)).shape == (0, 3, 20, 16)

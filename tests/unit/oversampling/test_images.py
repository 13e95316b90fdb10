import numpy as np
import pytest
import torch

pytest.importorskip("torchvision")
pytest.importorskip("PIL")
from PIL import Image

from ganaug.data.encoded import encode
from ganaug.oversampling.deformation import smoothed
from ganaug.oversampling.images import Amplitude, Deformation, Mirror, Recolouring, Symmetry


def drawn(source, n, seed=1, *, own, others=()):
    """Return n images of a class, from data of which others' come first."""
    images = np.concatenate([*others, own])
    data = encode(images.transpose(0, 2, 3, 1), np.repeat([0, 1], [len(images) - len(own), len(own)]))
    return source.fit(data, np.random.default_rng(seed)).draw(len(data.classes) - 1, n, np.random.default_rng(seed))


def bent(own, n, seed=1):
    rng = np.random.default_rng(seed)
    source = Deformation()
    return source.make(source.prepare(own, rng), n, rng)


@pytest.fixture
def own():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:20, 0:16]
    centres = rng.uniform(6, 10, (5, 2))
    blobs = [np.exp(-((y - a) ** 2 + (x - b) ** 2) / 12) for a, b in centres]
    return np.stack([np.stack([2 * blob - 1, 1 - blob, blob - 0.5]) for blob in blobs]).astype(np.float32)


def test_images_are_bent_but_not_blurred(own):
    made = bent(own, 40)
    assert made.shape == (40, 3, 20, 16) and made.dtype == np.float32
    for image in made:
        source = [all(np.isin(a, b).all() for a, b in zip(image, real, strict=True)) for real in own]
        assert sum(source) == 1
        assert 0.3 < np.corrcoef(image.ravel(), own[np.argmax(source)].ravel())[0, 1] < 0.9999


def test_the_ground_stays_clean_where_a_figure_shrinks():
    small, large = np.full((2, 1, 28, 28), -1, dtype=np.float32)
    small[0, 11:17, 11:17], large[0, 5:23, 5:23] = 1, 1
    for image in bent(np.stack([small, large]), 50, seed=0)[:, 0]:
        assert (image[[0, 1, -2, -1]] == -1).all() and (image[:, [0, 1, -2, -1]] == -1).all()
        assert image[13:15, 13:15].min() == 1


def test_the_seed_decides(own):
    a, b, c = (bent(own, 3, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)


def test_none_may_be_asked_for(own):
    assert bent(own, 0).shape == (0, 3, 20, 16)


def test_images_lie_on_the_way_to_others_of_their_class():
    y, x = np.mgrid[0:28, 0:28]
    blobs = np.stack([[2 * np.exp(-((y - 14) ** 2 + (x - b) ** 2) / 8) - 1] for b in (9, 19)]).astype(np.float32)
    made = bent(blobs, 200, seed=0)
    weight = (made[:, 0] + 1) / (made[:, 0] + 1).sum((1, 2), keepdims=True)
    across, down = (weight * x).sum((1, 2)), (weight * y).sum((1, 2))
    assert across.min() < 10 and across.max() > 18 and np.histogram(across, 5, (9, 19))[0].min() > 10
    assert np.abs(down - 14).max() < 2.5


def test_one_image_is_bent_at_random(own):
    made = bent(own[:1], 10)
    assert len({image.tobytes() for image in made}) == 10


def test_of_very_many_images_some_are_bent(monkeypatch, own):
    monkeypatch.setattr("ganaug.oversampling.images._MAX_IMAGES_BENT", 3)
    monkeypatch.setattr("ganaug.oversampling.images._PAIRS", 6)
    ways = Deformation().prepare(own, np.random.default_rng(0))
    assert len(ways.own) == 3 and len(ways.control) == 6
    assert bent(own, 5).shape == (5, 3, 20, 16)


def test_pixels_move_at_random_by_a_share_of_the_longer_side_and_together(monkeypatch):
    moved = []
    monkeypatch.setattr(
        "ganaug.oversampling.images.sharply_warped", lambda images, by: moved.append(by.numpy()) or images
    )
    bent(np.zeros((1, 1, 80, 40), dtype=np.float32), 50, seed=0)
    pixels = moved[0] * np.array([40, 80]) / 2  # x, y in units of a pixel
    np.testing.assert_allclose(pixels.std(axis=(1, 2)), np.full((50, 2), 80 * 0.75 / 28), rtol=0.01)
    assert np.abs(np.diff(pixels, axis=1)).max() < 2


def test_the_random_field_is_smooth():
    field = smoothed(torch.from_numpy(np.random.default_rng(0).standard_normal((1, 2, 28, 28), np.float32)), 1 / 7)
    assert field.diff(dim=3).std() < 0.4 * field.std()


def test_recoloured_images_have_the_mean_and_spread_of_another():
    rng = np.random.default_rng(0)
    own = rng.normal(0, 0.1, (3, 3, 8, 8)).astype(np.float32)
    worn = (rng.normal(0, 0.05, (5, 3, 8, 8)) + rng.uniform(-0.5, 0.5, (5, 3, 1, 1))).astype(np.float32)
    made, every = drawn(Recolouring(), 50, own=own, others=[worn]), np.concatenate([worn, own])
    assert made.dtype == np.float32
    for image in made:
        near = np.isclose(every.mean((2, 3)), image.mean((1, 2)), atol=1e-3).all(axis=1)
        assert near.sum() == 1
        np.testing.assert_allclose(image.std((1, 2)), every[near.argmax()].std((1, 2)), rtol=1e-2)


def test_amplitudes_come_from_others_at_low_frequencies_only_and_phases_never():
    rng = np.random.default_rng(0)
    own, other = (rng.uniform(-0.3, 0.3, (1, 3, 12, 11)).astype(np.float32) + offset for offset in (-0.5, 0.2))
    made = drawn(Amplitude(), 40, own=own, others=[other])
    spectra, mine, theirs = (np.fft.fft2(x.astype(float)) for x in (made, own, other))
    y, x = np.abs(np.fft.fftfreq(12, 1 / 12))[:, None], np.abs(np.fft.fftfreq(11, 1 / 11))
    low = (y <= 2) & (x <= 2)
    np.testing.assert_allclose(spectra[..., ~low], np.broadcast_to(mine, spectra.shape)[..., ~low], atol=0.05)
    turned = (spectra / np.broadcast_to(mine, spectra.shape))[..., low]
    np.testing.assert_allclose(turned.imag, 0, atol=0.05)
    assert turned.real.min() > -0.05
    amplitudes = np.sort(np.stack([np.abs(mine[0]), np.abs(theirs[0])]), axis=0)[..., low]
    between = np.abs(spectra)[..., low]
    assert (amplitudes[0] - 0.05 <= between).all() and (between <= amplitudes[1] + 0.05).all()
    assert made.mean((1, 2, 3)).std() > 0.05  # brightness is an amplitude, too


def test_half_of_the_images_are_mirrored():
    own = np.random.default_rng(0).uniform(-0.9, 0.9, (1, 3, 8, 9)).astype(np.float32)
    made = drawn(Mirror(), 200, own=own, others=[own])
    plain, mirrored = (np.isclose(made, x, atol=0.01).all((1, 2, 3)).sum() for x in (own, own[..., ::-1]))
    assert plain + mirrored == 200 and 70 < plain < 130
    tensor = torch.arange(12.0).view(1, 3, 4)
    assert len({tuple(Mirror().augmentation()(tensor).flatten().tolist()) for _ in range(30)}) == 2


@pytest.mark.parametrize(("shape", "ways"), [((8, 8), 8), ((8, 9), 4)])
def test_turned_and_mirrored_without_resampling(shape, ways):
    own = np.random.default_rng(0).uniform(-0.9, 0.9, (1, 3, *shape)).astype(np.float32)
    made = drawn(Symmetry(), 200, own=own, others=[own])
    assert len({image.tobytes() for image in made}) == ways
    for image in made:
        np.testing.assert_allclose(np.sort(image, axis=None), np.sort(own, axis=None), atol=1e-3)


@pytest.mark.parametrize(("shape", "ways"), [((8, 8), 8), ((8, 9), 4)])
def test_the_augmentation_turns_any_image_the_same_ways(shape, ways):
    pixels = np.random.default_rng(0).integers(256, size=(*shape, 3), dtype=np.uint8)
    expected = {np.rot90(flip, k).tobytes() for flip in (pixels, pixels[:, ::-1]) for k in range(0, 4, 8 // ways)}
    turn = Symmetry().augmentation()
    assert {np.asarray(turn(Image.fromarray(pixels))).tobytes() for _ in range(150)} == expected
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)
    assert {turn(tensor).permute(1, 2, 0).contiguous().numpy().tobytes() for _ in range(150)} == expected
    image, label = turn(tensor, 3)
    assert label == 3 and image.dtype == torch.uint8


def test_a_constant_channel_stays_constant():
    own = np.concatenate([np.random.default_rng(0).uniform(-1, 1, (2, 2, 8, 8)), np.ones((2, 1, 8, 8))], axis=1)
    made = drawn(Recolouring(), 8, own=own.astype(np.float32), others=[own.astype(np.float32)])
    np.testing.assert_allclose(made[:, 2], 1, atol=1e-5)

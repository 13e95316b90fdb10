import numpy as np
import pytest

from ganaug.data.image.disguises import disguises


def same(a, b):
    return np.allclose(a, b, atol=1e-5)


@pytest.fixture
def image():
    return np.random.default_rng(0).uniform(-1, 1, (1, 2, 8, 8)).astype(np.float32)


@pytest.mark.parametrize(
    "done",
    [
        lambda image: image[..., ::-1],
        lambda image: np.rot90(image, 1, (2, 3)),
        lambda image: np.rot90(image, 3, (2, 3))[..., ::-1],
        lambda image: np.roll(image, (1, -1), (2, 3)),
        lambda image: 0.4 * image + 0.3,
    ],
    ids=["mirrored", "turned", "turned and mirrored", "shifted", "paler"],
)
def test_a_copy_in_disguise_is_one_of_the_forms(image, done):
    plain = next(disguises(image))[1]
    forms = [form for _, form in disguises(done(image).copy())]
    assert any(same(form, plain) for form in forms)


def test_another_image_is_none_of_the_forms(image):
    plain = next(disguises(image))[1]
    assert not any(same(form, plain) for _, form in disguises(np.sort(image, axis=3)))


def test_images_that_are_not_square_are_turned_over_only(image):
    names = [name for name, _ in disguises(image[:, :, :6])]
    assert len(names) == 36
    assert "turned by 180°" in names and "turned by 90°" not in names


def test_large_images_are_compared_small_and_flat_ones_do_not_divide_by_zero():
    form = next(disguises(np.zeros((1, 3, 64, 48), np.float32)))[1]
    assert form.shape[1] <= 3 * 16 * 16
    assert not form.any()

import numpy as np
import pytest
import torch
from sklearn.datasets import load_iris

import ganaug
from ganaug.core.errors import ConfigError, SchemaError
from ganaug.models.latent import Codes


@pytest.fixture(scope="module")
def gan(digit_images):
    return ganaug.train(*digit_images, max_steps=30, random_state=0)


def of(gan, n=6, seed=1):
    """Places of which the samples are known."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, gan.latent_dim)).astype(np.float32)
    return Codes(z, np.arange(n) % len(gan.classes))


def test_samples_of_the_gan_are_found_again(gan):
    codes = of(gan)
    X, y = gan.latent.decode(codes), gan.classes_[codes.c]
    found = gan.latent.invert(X, y, steps=150, random_state=0)
    at_start = gan.latent.invert(X, y, steps=0, random_state=0)
    assert (found.errors < 0.6 * at_start.errors).all() and found.errors.max() < 0.1
    assert np.array_equal(found.c, codes.c)
    again = gan.latent.invert(X, y, steps=150, random_state=0)
    assert np.array_equal(found.z, again.z)
    held = gan.latent.invert(X, y, steps=20, truncation=0.5, random_state=0)
    assert np.abs(held.z).max() <= 0.5


def test_each_sample_is_found_by_itself(gan):
    codes = of(gan, 5)
    X, y = gan.latent.decode(codes), gan.classes_[codes.c]
    together = gan.latent.invert(X, y, steps=10, random_state=0)
    alone = gan.latent.invert(X[3:4], y[3:4], steps=10, random_state=0)
    np.testing.assert_allclose(together.z[3], alone.z[0], atol=1e-3)


def test_the_way_between_two_places_is_an_arc_with_both_ends(gan):
    a, b = of(gan, 2, seed=1), of(gan, 2, seed=2)
    way = gan.latent.interpolate(a, Codes(b.z, (b.c + 1) % len(gan.classes)), 5)
    z = way.z.reshape(2, 5, -1)
    np.testing.assert_allclose(z[:, 0], a.z, atol=1e-5)
    np.testing.assert_allclose(z[:, -1], b.z, atol=1e-5)
    shortest = min(np.linalg.norm(a.z, axis=1).min(), np.linalg.norm(b.z, axis=1).min())
    assert np.linalg.norm(z, axis=2).min() > 0.95 * shortest  # a straight line would be 0.7 of it
    assert way.c.reshape(2, 5)[0].tolist() == [0, 0, 1, 1, 1]
    same = gan.latent.interpolate(a, a, 3)
    np.testing.assert_allclose(same.z.reshape(2, 3, -1)[:, 1], a.z, atol=1e-3)
    with pytest.raises(ConfigError, match="n >= 2"):
        gan.latent.interpolate(a, b, 1)


def test_directions_are_what_the_first_layer_amplifies_most(gan):
    found = gan.latent.directions(4)
    a = gan.generator_ema.hidden.weight[:, : gan.latent_dim].detach().double().numpy()
    values, vectors = np.linalg.eigh(a.T @ a)
    expected = vectors[:, ::-1].T[:4]
    assert np.allclose(np.abs((found * expected).sum(1)), 1, atol=1e-4)
    assert found.shape == (4, gan.latent_dim) and np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert (found[np.arange(4), np.abs(found).argmax(1)] > 0).all()


def test_principal_directions_move_samples_more_than_random_ones(gan):
    found = gan.latent.directions(3, "pca")
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    random = np.random.default_rng(0).standard_normal((30, gan.latent_dim)).astype(np.float32)
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    codes = of(gan, 20)

    def moved(direction):
        there, back = (torch.from_numpy(codes.z + s * direction) for s in (1.5, -1.5))
        c = torch.from_numpy(codes.c)
        with torch.no_grad():
            return float((gan.generator_ema(there, c) - gan.generator_ema(back, c)).abs().mean())

    assert moved(found[0]) > np.mean([moved(direction) for direction in random])


def test_an_edit_adds_a_difference_to_the_real_image(gan, digit_images):
    X, y = digit_images[0][:4], digit_images[1][:4]
    codes = gan.latent.invert(X, y, steps=5, random_state=0)
    direction = gan.latent.directions(1)[0]
    assert np.array_equal(gan.latent.edit(X, direction, 0.0, codes=codes), X)
    edited = gan.latent.edit(X, direction, 2.0, codes=codes)
    assert edited.shape == X.shape and edited.dtype == X.dtype and not np.array_equal(edited, X)
    c = torch.from_numpy(codes.c)
    with torch.no_grad():
        before, after = (gan.generator_ema(torch.from_numpy(codes.z + s * direction), c).numpy() for s in (0, 2))
    expected = gan.codec.decode((gan.codec.encode(X) + after - before).clip(-1, 1), np.random.default_rng(0))
    assert np.array_equal(edited, expected)
    other = gan.latent.edit(X, to=gan.classes_[-1], codes=codes)
    assert not np.array_equal(other, X)
    assert np.array_equal(other[y == gan.classes_[-1]], X[y == gan.classes_[-1]])


def test_what_makes_no_sense_is_refused(gan, digit_images):
    X, y = digit_images
    with pytest.raises(ConfigError, match="give a direction"):
        gan.latent.edit(X[:2], y=y[:2])
    with pytest.raises(ConfigError, match="give y"):
        gan.latent.edit(X[:2], gan.latent.directions(1)[0])
    with pytest.raises(ConfigError, match="'sefa' or 'pca'"):
        gan.latent.directions(2, "ica")
    with pytest.raises(ConfigError, match="n must be in 1"):
        gan.latent.directions(gan.latent_dim + 1)
    with pytest.raises(ConfigError, match="label for each of 2"):
        gan.latent.invert(X[:2], y[:3])
    with pytest.raises(SchemaError, match="no class"):
        gan.latent.invert(X[:2], ["?", "?"])


def test_rows_of_numbers_have_a_latent_space_too():
    X, y = load_iris(return_X_y=True)
    gan = ganaug.train(X, y, max_steps=20, quality="oversampling", random_state=0)
    codes = gan.latent.invert(X[:3], y[:3], steps=20, random_state=0)
    assert gan.latent.edit(X[:3], gan.latent.directions(1)[0], 1.0, codes=codes).shape == (3, 4)

import random

import numpy as np
import torch

import ganaug
from ganaug.data.codec import concatenate


def weights(gan):
    return {
        f"{part}.{name}": tensor
        for part in ("generator", "discriminator", "generator_ema")
        for name, tensor in getattr(gan, part).state_dict().items()
    }


def test_samples_look_like_the_training_data(rows, images, table):
    made = rows.sample(20, label="rare", random_state=0)
    assert made.columns.tolist() == table[0].columns.tolist()
    assert made.dtypes.tolist() == table[0].dtypes.tolist()
    assert len(made) == 20
    pixels = images.sample(7, label=1, random_state=0)
    assert (pixels.shape, pixels.dtype) == ((7, 8, 8, 3), np.uint8)


def test_one_seed_one_sample(gan, same):
    label = gan.classes_[-1]
    first = gan.sample(30, label=label, random_state=4)
    assert same(first, gan.sample(30, label=label, random_state=4))
    assert same(first, gan.sample(30, label=label, random_state=np.int64(4)))
    for other in (
        gan.sample(30, label=label, random_state=5),
        gan.sample(30, label=gan.classes_[0], random_state=4),
        gan.sample(30, label=label),
    ):
        assert not same(first, other)


def test_truncation_makes_samples_more_alike_and_none_changes_nothing(images, same):
    def spread(threshold):
        made = images.sample(200, label=1, truncation=threshold, random_state=0)
        return made.astype(float).std(axis=0).mean()

    assert same(images.sample(9, label=1, truncation=None, random_state=0), images.sample(9, label=1, random_state=0))
    spreads = [spread(threshold) for threshold in (None, 2, 1, 0.5, 0.01)]
    assert spreads == sorted(spreads, reverse=True) and spreads[-1] < spreads[0] / 5
    chunks = list(images.sample_iter(30, label=1, truncation=1, random_state=3))
    assert same(concatenate(chunks), images.sample(30, label=1, truncation=np.float32(1), random_state=3))


def test_truncation_leaves_the_noise_of_categories_alone(rows, monkeypatch):
    seen = []
    monkeypatch.setattr(rows.generator_ema, "forward", lambda z, c: seen.append(z) or torch.zeros(len(z), 57))
    for threshold in (None, 0.5):
        rows.encoded(np.zeros(100, dtype=np.int64), np.random.default_rng(0), threshold)
    whole, cut = seen
    dim = rows.config.latent_dim
    assert torch.equal(cut[:, dim:], whole[:, dim:]) and whole.shape[1] > dim
    assert cut[:, :dim].abs().max() <= 0.5 < whole[:, :dim].abs().max()
    assert torch.equal(cut[:, :dim].argsort(0), whole[:, :dim].argsort(0))


def test_global_randomness_is_left_alone(tmp_path, untrained, table):
    def states():
        numpy = np.random.get_state()
        return torch.get_rng_state().tolist(), numpy[1].tolist(), numpy[2], random.getstate()

    before = states()
    gan = untrained(*table)
    gan.sample(5, label="rare", random_state=0)
    gan.sample(5, label="rare")
    gan.save(tmp_path / "gan")
    ganaug.load(tmp_path / "gan").sample(5, label="rare", random_state=0)
    assert states() == before


def test_the_seed_decides_the_weights(untrained, table):
    one, again, other = untrained(*table, seed=1), untrained(*table, seed=1), untrained(*table, seed=2)
    assert all(torch.equal(tensor, weights(again)[name]) for name, tensor in weights(one).items())
    made = [gan.sample(5, label="rare", random_state=0) for gan in (one, again, other)]
    assert made[0].equals(made[1])
    assert not made[0].equals(made[2])


def test_sampling_leaves_the_model_as_it_was(gan):
    before = {name: tensor.clone() for name, tensor in weights(gan).items()}
    gan.sample(10, label=gan.classes_[-1], random_state=0)
    assert all(torch.equal(before[name], tensor) for name, tensor in weights(gan).items())


def test_repr_says_what_it_makes(rows, images):
    columns = "table of 6 columns (3 numeric, 2 category, 1 datetime)"
    assert repr(rows) == f"ConditionalGAN({columns}; classes {{common: 48, rare: 12}}; 1 steps)"
    assert repr(images) == "ConditionalGAN(images of 8 × 8, RGB, uint8; classes {0: 20, 1: 20, 2: 20}; 1 steps)"

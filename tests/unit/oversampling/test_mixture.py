import numpy as np
import pytest

import ganaug
from ganaug.data.encoded import encode
from ganaug.oversampling.mixture import Mixture, check_shares
from ganaug.oversampling.rows import Interpolation
from ganaug.oversampling.sources import GANSource, Repeat


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (90, 3)), rng.normal(1.5, 1, (30, 3))])
    return encode(X, np.repeat(["usual", "rare"], [90, 30]))


@pytest.fixture(scope="module")
def sources(data):
    gan = GANSource(ganaug.TrainConfig(max_steps=20))
    return {
        name: s.fit(data, np.random.default_rng(0))
        for name, s in {"gan": gan, "repeat": Repeat(), "interpolation": Interpolation()}.items()
    }


def mixture(data, sources, rejection=0.0, **shares):
    return Mixture(data, sources, shares or {"gan": 0.5, "interpolation": 0.5}, rejection)


@pytest.mark.parametrize("n", [1, 2, 7, 100])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("rejection", [0.0, 0.2, 0.9])
def test_exactly_as_many_as_asked(data, sources, n, share, rejection):
    mixed = mixture(data, sources, rejection, gan=share, interpolation=1 - share)
    made = mixed.sample(n, label="rare", random_state=0)
    assert made.shape == (n, 3) and np.isfinite(made).all()


def test_it_repeats_by_seed_and_serves_several_classes(data, sources):
    labels = ["rare", "usual", "rare"]
    first, second = (mixture(data, sources, 0.2).sample(labels=labels, random_state=0) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_second_call_with_the_same_seed_gives_the_same():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (200, 3)), rng.normal(1, 1, (12, 3))])  # more rows than are compared with
    data = encode(X, np.repeat([0, 1], [200, 12]))
    mixed = Mixture(data, {"repeat": Interpolation().fit(data, rng)}, {"repeat": 1.0}, 0.2)
    first, second = (mixed.sample(20, label=1, random_state=0) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_each_label_gets_samples_of_its_own_class(data, sources):
    labels = np.array(["rare", "usual"] * 20)
    made = data.codec.encode(mixture(data, sources, repeat=1.0).sample(labels=labels, random_state=0))
    for label, row in zip(labels, made, strict=True):
        own = data.of_class(data.classes.index([label])[0])
        assert np.isclose(own, row, atol=1e-5).all(axis=1).any()


def test_the_only_class_has_nothing_to_be_told_from(data):
    only = data.take(data.c == 0)
    mixed = Mixture(only, {"repeat": Repeat().fit(only, np.random.default_rng(0))}, {"repeat": 1.0}, 0.2)
    assert mixed.rejection == 0 and mixed.sample(50).shape == (50, 3)


@pytest.mark.parametrize("share", [0.25, 0.75])
def test_sources_are_used_in_their_shares(data, sources, share):
    made = mixture(data, sources, repeat=share, gan=1 - share).draw(0, 100, np.random.default_rng(0))
    copies = (made[:, None] == data.of_class(0)[None]).all(axis=2).any(axis=1)
    assert copies.sum() == 100 * share


def test_rejection_leaves_out_what_looks_like_another_class(data, sources):
    rare = data.classes.index(["rare"])[0]
    kept, all_ = (
        mixture(data, sources, r, repeat=1.0).draw(rare, 400, np.random.default_rng(0)).mean() for r in (0.4, 0.0)
    )
    assert kept > all_ + 0.1


@pytest.mark.parametrize(
    "shares", [{"gan": 0.5}, {"gan": 1.5, "repeat": -0.5}, {"gan": 0.7, "repeat": 0.7}, {"gan": "all"}, {}]
)
def test_wrong_shares_are_refused(shares):
    with pytest.raises(ganaug.ConfigError, match="add up to 1"):
        check_shares(shares)


def test_sources_without_a_share_may_be_missing(data, sources):
    assert check_shares({"gan": 1, "unfitted": 0.0}) == {"gan": 1}
    assert list(mixture(data, sources, gan=1.0, unfitted=0.0).sources) == ["gan"]


def test_it_is_a_synthesizer(data, sources):
    mixed = mixture(data, sources)
    assert mixed.gan is sources["gan"].gan and mixture(data, sources, repeat=1.0).gan is None
    assert mixed.classes_.tolist() == ["rare", "usual"] and "{gan: 0.5, interpolation: 0.5}" in repr(mixed)
    with pytest.raises(ganaug.ConfigError, match="truncation has no meaning for a mixture"):
        mixed.sample(3, label="rare", truncation=1.0)


def test_the_digest_tells_mixtures_apart(data, sources):
    variants = [mixture(data, sources), mixture(data, sources, 0.1), mixture(data, sources, gan=1.0)]
    variants.append(Mixture(data.take(np.arange(60, 120)), sources, {"gan": 0.5, "interpolation": 0.5}))
    assert len({one.digest() for one in variants}) == 4
    assert mixture(data, sources).digest() == variants[0].digest()

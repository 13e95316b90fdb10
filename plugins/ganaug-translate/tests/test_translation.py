import pickle

import ganaug
import numpy as np
import pytest
from ganaug.core.errors import CheckpointError, ConfigError, SchemaError, TransferError
from ganaug.data.encoded import encode
from ganaug.training.callbacks import Callback
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits, make_blobs
from sklearn.svm import SVC

from ganaug_translate import Translator, train_translator
from ganaug_translate.source import Translation


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a.arrays().values(), b.arrays().values(), strict=True))


def test_images_come_out_as_they_went_in(digits, translator):
    X, y = digits
    made = translator.apply(X[y == 5][:7])
    assert made.shape == (7, 8, 8) and made.dtype == np.uint8
    assert np.array_equal(made, translator.apply(X[y == 5][:7]))
    assert (translator.source, translator.target) == (5, 6)
    assert translator.classes_.tolist() == [5, 6]  # sevens are left out
    assert translator.masks(X[:4]).shape == (4, 8, 8)
    assert "5 → 6; cut; 5 steps" in repr(translator)


def test_one_image_is_translated_as_it_is_among_others(digits, translator):
    X, _ = digits
    together, alone = translator.apply(X[:5]), translator.apply(X[3:4])
    assert np.abs(together[3].astype(int) - alone[0]).max() <= 1


@pytest.mark.parametrize("method", ["cut", "fastcut", "cyclegan"])
def test_the_same_seed_gives_the_same_translator(digits, method):
    one, again, other = (
        train_translator(*digits, source=5, target=6, method=method, max_steps=2, random_state=seed)
        for seed in (1, 1, 2)
    )
    assert same(one, again) and not same(one, other)
    assert one.digest() == again.digest() != other.digest()


def test_a_cyclegan_leads_both_ways_and_cut_does_not(digits, both_ways, translator):
    X, y = digits
    assert both_ways.apply(X[y == 5][:2], to=6).shape == (2, 8, 8)
    assert not np.array_equal(both_ways.apply(X[:2], to=6), both_ways.apply(X[:2], to=5))
    with pytest.raises(ConfigError, match="from 5 to 6 only; the way back is trained with method='cyclegan'"):
        translator.apply(X[:2], to=5)
    with pytest.raises(SchemaError, match="no class 7"):
        translator.apply(X[:2], to=7)


def test_it_is_a_synthesizer_of_its_target(digits, translator):
    made = translator.sample(9, label=6, random_state=0)
    assert made.shape == (9, 8, 8)
    assert np.array_equal(made, translator.sample(9, label=6, random_state=0))
    possible = translator.apply(digits[0][digits[1] == 5])
    assert all((np.abs(possible.astype(int) - one).max((1, 2)) <= 1).any() for one in made)
    with pytest.raises(ConfigError, match="leads from 5 to 6 only"):
        translator.sample(2, label=5)
    with pytest.raises(ConfigError, match="draws images, not latents"):
        translator.sample(2, label=6, truncation=1.0)


@pytest.mark.parametrize("fixture", ["translator", "both_ways"])
def test_what_is_saved_translates_alike_and_holds_no_image(digits, fixture, request, tmp_path):
    model = request.getfixturevalue(fixture)
    X, _ = digits
    model.save(tmp_path / "t.safetensors", data="digits", licence="BSD", source="scikit-learn")
    loaded = ganaug.load(tmp_path / "t.safetensors")
    assert isinstance(loaded, Translator) and loaded.provenance.licence == "BSD"
    assert np.array_equal(loaded.apply(X[:9]), model.apply(X[:9]))
    with pytest.raises(ConfigError, match="holds no images to translate"):
        loaded.sample(2, label=loaded.target)
    made = loaded.draws_from(X[:20]).sample(4, label=loaded.target, random_state=1)
    assert made.shape == (4, 8, 8)
    assert np.array_equal(pickle.loads(pickle.dumps(model)).apply(X[:9]), model.apply(X[:9]))


def test_a_synthesis_writes_translations(translator, tmp_path):
    ganaug.synthesize(translator, {6: 5}, tmp_path / "out", seed=0)
    assert len(list((tmp_path / "out" / "6").glob("*.png"))) == 5


class Stop(Callback):
    def on_step(self, trainer):
        if trainer.gan.step == 4:
            raise KeyboardInterrupt


@pytest.mark.parametrize("method", ["cut", "cyclegan"])
def test_an_interrupted_training_goes_on_to_the_very_same_translator(digits, tmp_path, method):
    settings = {"source": 5, "target": 6, "method": method, "max_steps": 6, "random_state": 0}
    whole = train_translator(*digits, **settings)
    with pytest.raises(KeyboardInterrupt):
        train_translator(*digits, **settings, callbacks=[Stop(), ganaug.Snapshot(tmp_path / "s", steps=3)])
    assert ganaug.load(tmp_path / "s").step == 3
    resumed = train_translator(*digits, **settings, callbacks=[ganaug.Snapshot(tmp_path / "s", steps=3, resume=True)])
    assert same(whole, resumed)
    with pytest.raises(ConfigError, match="another training: .*nce_weight"):
        other = ganaug.Snapshot(tmp_path / "s", resume=True)
        train_translator(*digits, **settings, nce_weight=3.0, callbacks=[other])


def test_a_translator_starts_from_one_of_another_domain(digits, translator, tmp_path):
    X, y = digits
    translator.save(tmp_path / "t.safetensors", licence="BSD")
    large = X.repeat(2, axis=1).repeat(3, axis=2)
    tuned = train_translator(
        {"a": large[y == 6], "b": large[y == 5]}, pretrained=tmp_path / "t.safetensors", max_steps=1, random_state=0
    )
    assert tuned.apply(large[:2]).shape == (2, 16, 24)
    assert tuned.provenance.parent.provenance.licence == "BSD"
    assert "0 new" in str(tuned.transfer)
    moved = [np.abs(tuned.arrays()[name] - array).max() for name, array in translator.arrays().items()]
    assert 0 < max(moved) < 0.01  # one step away
    colour = np.stack([X] * 3, axis=-1)
    with pytest.raises(TransferError, match="does not fit"):
        train_translator(colour, y, source=5, target=6, pretrained=translator, max_steps=1)
    with pytest.raises(TransferError, match="use method='cut'"):
        train_translator(X, y, source=5, target=6, method="cyclegan", pretrained=translator, max_steps=1)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"source": 4}, ConfigError, r"source=4 is no class of the data; there are \[5, 6, 7\]"),
        ({"target": 5}, ConfigError, "both 5"),
        ({"method": "pix2pix"}, ConfigError, "one of cut, fastcut, cyclegan; got 'pix2pix'"),
        ({"nce_wieght": 1}, ConfigError, "did you mean 'nce_weight'"),
        ({"max_steps": 0}, ConfigError, "max_steps = 0"),
        ({"device": "abacus"}, ConfigError, "abacus"),
    ],
)
def test_what_makes_no_sense_is_refused(digits, change, error, says):
    with pytest.raises(error, match=says):
        train_translator(*digits, **{"source": 5, "target": 6, "max_steps": 1} | change)


def test_data_that_cannot_be_learnt_from_are_refused(digits, translator):
    X, y = digits
    few = np.r_[np.flatnonzero(y == 5), np.flatnonzero(y == 6)[:5]]
    with pytest.raises(SchemaError, match="class 6 has 5 images; at least 6"):
        train_translator(X[few], y[few], source=5, target=6)
    with pytest.raises(ConfigError, match="give y"):
        train_translator(X)
    with pytest.raises(ConfigError, match="two domains"):
        train_translator({"a": X}, max_steps=1)
    with pytest.raises(SchemaError, match="8 × 8"):
        translator.apply(X.repeat(2, axis=1))


def test_translations_are_a_source_of_the_over_sampler(digits):
    X, y = digits
    chosen = np.r_[np.flatnonzero(y == 5)[:40], np.flatnonzero(y == 6)[:10]]
    sampler = ganaug.GANOverSampler(sources={"translate:5": 0.5, "repeat": 0.5}, random_state=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ganaug_translate.source.STEPS", 3)
        X_new, y_new = sampler.fit_resample(X[chosen], y[chosen])
        again, _ = sampler.fit_resample(X[chosen], y[chosen])
    assert X_new.shape == (80, 8, 8) and (y_new == 6).sum() == 40
    assert np.array_equal(X_new, again)
    real = {image.tobytes() for image in X}
    assert 10 <= sum(image.tobytes() not in real for image in X_new) <= 20


def test_a_class_is_never_translated_into_itself(monkeypatch):
    monkeypatch.setattr("ganaug_translate.source.STEPS", 1)
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8), dtype=np.uint8)
    data = encode(images, np.repeat([0, 1, 2], [6, 10, 14]))
    source = Translation("0").fit(data, np.random.default_rng(0))
    for condition, origin in ((0, 2), (1, 0), (2, 0)):
        assert source.draw(condition, 2, np.random.default_rng(0)).shape == (2, 1, 8, 8)
        assert source.translators[condition].source == origin


def test_as_a_source_it_refuses_rows_and_classes_that_are_not_there():
    rows, c = make_blobs(40, centers=2, random_state=0)
    with pytest.raises(ConfigError, match="'translate' translates images; these are rows"):
        ganaug.GANOverSampler(sources={"translate": 1}, sampling_strategy={0: 30}).fit_resample(rows, c)
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8), dtype=np.uint8)
    with pytest.raises(SchemaError, match="no class 'normal'"):
        sampler = ganaug.GANOverSampler(sources={"translate:normal": 1}, sampling_strategy={1: 15})
        sampler.fit_resample(images, np.arange(20) % 2)
    with pytest.raises(ConfigError, match="one class only"):
        Translation().fit(encode(images, np.zeros(20, int)), np.random.default_rng(0))


def test_a_damaged_checkpoint_is_refused(translator, tmp_path):
    path = tmp_path / "t.safetensors"
    translator.save(path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="digest"):
        ganaug.load(path)


def test_a_translator_learns_what_sets_classes_apart_and_keeps_the_rest():
    """Handwritten threes become eights, and stay recognisable as the threes that they were."""
    digits = load_digits()
    X, y = (digits.images * 15.9).astype(np.uint8), digits.target
    classifier = SVC(gamma=0.001).fit(digits.data[::2], y[::2])
    translator = train_translator(X[::2], y[::2], source=3, target=8, width=8, max_steps=200, random_state=0)
    before = X[1::2][y[1::2] == 3]
    after = translator.apply(before)
    assert (classifier.predict(after.reshape(len(after), -1) / 15.9) == 8).mean() > 0.8
    apart = cdist(after.reshape(len(after), -1).astype(float), before.reshape(len(after), -1).astype(float))
    assert (apart.argmin(1) == np.arange(len(after))).mean() > 0.5
    assert translator.masks(before).mean() < 0.5

import datetime
import pickle
import time
import warnings
from collections import Counter
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from pandas.testing import assert_frame_equal, assert_series_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.utils.validation import check_is_fitted

import ganaug
from ganaug import Finetune, GANOverSampler, SchemaError, TrainConfig
from ganaug.data.image.codec import ImageCodec
from ganaug.data.table.codec import TableCodec
from ganaug.oversampling.judge import Judgement
from ganaug.oversampling.sampler import NoGainWarning, SmallClassWarning


@pytest.fixture(scope="module")
def rows():
    return make_classification(n_samples=100, n_classes=3, n_informative=4, weights=[0.6, 0.25, 0.15], random_state=0)


@pytest.fixture(autouse=True)
def few_pairs(monkeypatch):
    """Find the ways between a few images, not 600."""
    monkeypatch.setattr("ganaug.oversampling.images._PAIRS", 20)


def resample(X, y, **settings):
    return GANOverSampler(**{"max_steps": 5, "random_state": 0, "judge_budget": 0, **settings}).fit_resample(X, y)


@pytest.mark.parametrize(
    "container",
    [np.asarray, np.ndarray.tolist, np.float32, sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array, pd.DataFrame],
)
def test_originals_come_first_in_the_same_container(rows, container):
    X, y = rows
    given = container(X)
    X_new, y_new = resample(given, y)
    expected, y_expected = RandomOverSampler(random_state=0).fit_resample(given, y)
    assert type(X_new) is type(expected)
    assert Counter(y_new) == Counter(y_expected) == dict.fromkeys([0, 1, 2], Counter(y)[0])
    if isinstance(X_new, pd.DataFrame):
        assert_frame_equal(X_new.iloc[:100], given)
    elif sparse.issparse(X_new):
        assert X_new.dtype == expected.dtype
        np.testing.assert_array_equal(X_new[:100].toarray(), X)
    else:
        assert np.asarray(X_new).dtype == np.asarray(expected).dtype
        np.testing.assert_array_equal(np.asarray(X_new)[:100], np.asarray(given))


def test_mixed_frame_keeps_every_dtype_and_support(mixed_frame):
    X, y = mixed_frame
    X_new, y_new = resample(X, y)
    assert_frame_equal(X_new.iloc[: len(X)], X)
    assert_series_equal(y_new.iloc[: len(y)], y)
    made = X_new.iloc[len(X) :]
    assert set(y_new.iloc[len(y) :]) == {"rare"}
    assert X_new.index.equals(pd.RangeIndex(len(X_new)))
    for name in X:
        assert made[name].dtype == X[name].dtype
        assert made[name].isna().any() <= X[name].isna().any()
        known = X[name].dropna()
        if name in ("flag", "level", "city", "note", "visits", "agreed", "unit"):
            assert set(made[name].dropna()) <= set(known)
        else:
            assert known.min() <= made[name].min() and made[name].max() <= known.max()
    assert (made["day"] == made["day"].dt.normalize()).all()


def test_index_and_tuple_columns_follow_random_over_sampler(rows):
    X, y = rows
    frame = pd.DataFrame(X, index=range(500, 600), columns=pd.MultiIndex.from_product([["a", "b"], range(10)]))
    X_new, _ = resample(frame, y)
    expected, _ = RandomOverSampler(random_state=0).fit_resample(frame, y)
    assert X_new.columns.equals(expected.columns)
    assert X_new.index.equals(expected.index)


@pytest.mark.parametrize(
    "transform",
    [
        lambda images: images,
        lambda images: images / np.float32(255),
        lambda images: images.astype(float) / 127.5 - 1,
        lambda images: np.stack([images] * 3, axis=-1),
        lambda images: np.stack([images] * 3, axis=-1) / 255.0,
        lambda images: images[:, None],
        lambda images: np.concatenate([images, images[:, :, :4]], axis=2),
    ],
    ids=["NHW uint8", "NHW float32", "NHW [-1, 1]", "NHWC uint8", "NHWC float", "NCHW", "not square"],
)
def test_images_keep_shape_dtype_and_range(digit_images, transform):
    images, y = digit_images
    X = transform(images)
    sources = {"gan": 0.4, "deformation": 0.2, "recolouring": 0.1, "symmetry": 0.1, "mirror": 0.1, "amplitude": 0.1}
    sampler = GANOverSampler(max_steps=3, sources=sources, random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    np.testing.assert_array_equal(X_new[:90], X)
    assert X_new.shape == (120, *X.shape[1:]) and X_new.dtype == X.dtype
    assert Counter(y_new) == {0: 60, 1: 60}
    assert X.min() <= X_new.min() and X_new.max() <= X.max()
    assert sampler.n_features_in_ == X[0].size


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("auto", {0: 60, 1: 60, 2: 60}),
        ("minority", {0: 60, 1: 25, 2: 60}),
        ("not minority", {0: 60, 1: 60, 2: 15}),
        ("not majority", {0: 60, 1: 60, 2: 60}),
        ("all", {0: 60, 1: 60, 2: 60}),
        ({1: 30, 2: 20}, {0: 60, 1: 30, 2: 20}),
        ({0: 61}, {0: 61, 1: 25, 2: 15}),
        (lambda y: {2: 50}, {0: 60, 1: 25, 2: 50}),
    ],
)
def test_every_sampling_strategy(rows, strategy, expected):
    X = rows[0]
    y = np.repeat([0, 1, 2], [60, 25, 15])
    assert Counter(resample(X, y, sampling_strategy=strategy)[1]) == expected


def test_float_strategy_on_two_classes(rows):
    y = np.repeat([0, 1], [80, 20])
    assert Counter(resample(rows[0], y, sampling_strategy=0.5)[1]) == {0: 80, 1: 40}


def test_balanced_data_come_back_unchanged_and_nothing_is_trained(rows):
    y = np.repeat([0, 1], 50)
    sampler = GANOverSampler()
    X_new, y_new = sampler.fit_resample(rows[0], y)
    np.testing.assert_array_equal(X_new, rows[0])
    assert sampler.gan_ is None and sampler.history_ is None


@pytest.mark.parametrize("kind", ["rows", "images"])
def test_same_seed_same_output(rows, digit_images, kind):
    X, y = rows if kind == "rows" else digit_images
    first, second, other = (resample(X, y, random_state=seed)[0] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_global_generators_are_left_alone(rows):
    import torch

    before = torch.get_rng_state(), np.random.get_state()[1].copy(), torch.get_num_threads()
    GANOverSampler(max_steps=3, random_state=0).fit_resample(*rows)
    assert torch.equal(before[0], torch.get_rng_state())
    np.testing.assert_array_equal(before[1], np.random.get_state()[1])
    assert torch.get_num_threads() == before[2]


def test_synthetic_rows_are_of_the_class_that_was_asked_for():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (200, 3)), rng.normal(4, 1, (30, 3))])
    y = np.repeat(["usual", "rare"], [200, 30])
    X_new, y_new = GANOverSampler(random_state=0).fit_resample(X, y)
    made = X_new[230:]
    assert set(y_new[230:]) == {"rare"}
    assert np.abs(made.mean(axis=0) - 4).max() < 0.75
    assert 0.4 < made.std(axis=0).mean() < 1.5


def test_a_class_too_small_to_learn_is_repeated_and_says_so(rows):
    X = rows[0]
    y = np.repeat(["a", "b", "c"], [79, 20, 1])
    with pytest.warns(SmallClassWarning, match="class 'c' has 1 samples"):
        X_new, y_new = resample(X, y)
    assert Counter(y_new) == {"a": 79, "b": 79, "c": 79}
    assert (X_new[y_new == "c"] == X[99]).all()


def test_constant_columns_alone_are_an_error_where_a_model_is_asked_for():
    with pytest.raises(ganaug.SchemaError, match="constant"):
        ganaug.train(np.ones((40, 2)), np.repeat([0, 1], [30, 10]))


def test_pickled_and_cloned(rows):
    X, y = rows
    sampler = GANOverSampler(max_steps=5, random_state=0, config={"learning_rate": 1e-3})
    X_new, _ = sampler.fit_resample(X, y)
    again = pickle.loads(pickle.dumps(sampler))
    np.testing.assert_array_equal(
        again.gan_.sample(5, label=1, random_state=0), sampler.gan_.sample(5, label=1, random_state=0)
    )
    fresh = clone(sampler)
    assert fresh.get_params() == sampler.get_params()
    with pytest.raises(NotFittedError):
        check_is_fitted(fresh)
    np.testing.assert_array_equal(fresh.fit_resample(X, y)[0], X_new)


def test_history_is_kept(rows):
    sampler = GANOverSampler(max_steps=5, random_state=0)
    sampler.fit_resample(*rows)
    assert sampler.history_["step"] == [1, 2, 3, 4, 5]
    assert np.isfinite(sampler.history_["d_loss"]).all()


def test_inside_a_pipeline_grid_search_and_cross_validation(rows):
    X, y = rows
    model = make_pipeline(GANOverSampler(max_steps=3, random_state=0), LogisticRegression(max_iter=500))
    grid = {"ganoversampler__max_steps": [2, 4], "ganoversampler__config__focus": [0.0, 0.5]}
    search = GridSearchCV(model, grid, cv=3, n_jobs=2, error_score="raise").fit(X, y)
    assert set(search.cv_results_["param_ganoversampler__max_steps"]) == {2, 4}
    assert set(search.cv_results_["param_ganoversampler__config__focus"]) == {0.0, 0.5}
    best = search.best_estimator_.named_steps["ganoversampler"]
    assert best.gan_.config.focus == search.best_params_["ganoversampler__config__focus"]
    scores = cross_validate(model, X, y, cv=3, error_score="raise")
    assert np.isfinite(scores["test_score"]).all()


def test_images_inside_a_pipeline(digit_images):
    from sklearn.preprocessing import FunctionTransformer

    images, y = digit_images
    flat = FunctionTransformer(lambda X: X.reshape(len(X), -1) / 255)
    model = make_pipeline(GANOverSampler(max_steps=3, random_state=0, judge_budget=0), flat, LogisticRegression())
    assert cross_validate(model, images, y, cv=3, error_score="raise")["test_score"].min() > 0.9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": np.full((100, 3), np.inf)}, "infinity"),
        ({"y": np.zeros(100)}, "class"),
        ({"X": [[1, 2], [3]], "y": [0, 1]}, "inhomogeneous|ragged"),
        ({"X": np.zeros((50, 3))}, "inconsistent numbers of samples"),
        ({"X": np.zeros((100, 8, 8, 7))}, "channels"),
        ({"X": np.full((100, 8, 8), np.nan)}, "NaN"),
    ],
    ids=["inf", "one class", "ragged", "lengths", "channels", "NaN pixels"],
)
def test_wrong_input_is_refused_in_one_clear_line(rows, change, message):
    given = {"X": rows[0], "y": rows[1], **change}
    with pytest.raises(ValueError, match=message):
        resample(**given)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"config": {"label_smoothing": 0.1}}, "label_smoothing has no meaning"),
        ({"config": {"attention": True}}, "attention has no meaning for network 'mlp'"),
        ({"config": {"objective": "hinge", "penalty_weight": 1.0}}, "has no gradient penalty"),
        ({"config": {"betas": (0.5, 1.5)}}, "betas"),
        ({"config": {"focuss": 0.5}}, "did you mean 'focus'"),
        ({"config": {"max_steps": 5}}, "max_steps is given twice"),
        ({"config": TrainConfig(device="cpu"), "device": "cuda"}, "device is given twice"),
        ({"device": "nonsense"}, "device 'nonsense'"),
        ({"sources": {"gan": 0.5}}, "add up to 1"),
        ({"sources": {"gan": 1.5, "interpolation": -0.5}}, r"shares in \[0, 1\]"),
        ({"sources": {"interpolation": 1.0}, "pretrained": "gone"}, "no meaning without the source 'gan'"),
    ],
)
def test_settings_that_contradict_are_refused(rows, settings, message):
    with pytest.raises(ganaug.ConfigError, match=message):
        resample(*rows, **settings)


def added(X, y, **settings):
    """Return what was added, and its labels."""
    return tuple(part[len(X) :] for part in resample(X, y, **settings))


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """Remember no judgement of another test."""
    monkeypatch.setattr("ganaug.oversampling.judge._remembered", {})


@pytest.fixture
def quick(monkeypatch):
    """Judge by classifiers of a few steps."""
    monkeypatch.setattr("ganaug.oversampling.judge._STEPS", 3)


def test_the_judge_may_choose_real_images_and_says_so(digit_images, monkeypatch):
    right = lambda images, labels, weights, unseen, **_: np.zeros(len(unseen), int)  # noqa: E731
    monkeypatch.setattr("ganaug.oversampling.judge.classify", right)
    sampler = GANOverSampler(max_steps=3, random_state=0)
    with pytest.warns(
        NoGainWarning,
        match=r"no source of new images is clearly better.*0.5 gan \+ 0.5 repeat .0.0 ±.*makes all by the GAN",
    ):
        X_new, _ = sampler.fit_resample(*digit_images)
    assert sampler.gan_ is None and sampler.judgement_.shares == {"repeat": 1.0}
    assert all(15 <= trial.n <= 70 for trial in sampler.judgement_.trials)
    assert (X_new[90:, None] == digit_images[0][60:]).all(axis=(2, 3)).any(axis=1).all()


@pytest.mark.parametrize(("colour", "shares"), [(False, {"gan": 1.0}), (True, {"repeat": 1.0})])
def test_without_a_judge_what_did_best_on_other_data_is_taken(digit_images, colour, shares):
    X, y = digit_images
    sampler = GANOverSampler(max_steps=3, random_state=0, judge_budget=0)
    sampler.fit_resample(np.stack([X] * 3, axis=-1) if colour else X, y)
    assert sampler.judgement_ is None and sampler.mixture_.shares == shares


def test_images_too_few_to_judge_by_are_repeated_and_it_is_said(digit_images):
    X, y = digit_images
    sampler = GANOverSampler(max_steps=3, random_state=0)
    with pytest.warns(NoGainWarning, match="12 images that are needed to judge by.*real images are repeated"):
        sampler.fit_resample(X[:70], y[:70])
    assert sampler.mixture_.shares == sampler.judgement_.shares == {"repeat": 1.0}


def test_the_same_images_are_judged_once(digit_images, monkeypatch):
    calls = []
    right = lambda images, labels, weights, unseen, **_: calls.append(1) or np.zeros(len(unseen), int)  # noqa: E731
    monkeypatch.setattr("ganaug.oversampling.judge.classify", right)
    outputs, spent = [], [0]
    for seed, steps in ((0, 3), (0, 3), (1, 3), (1, 30)):
        with pytest.warns(NoGainWarning):
            outputs.append(resample(*digit_images, random_state=seed, max_steps=steps, judge_budget=300))
        spent.append(len(calls))
    assert [bool(n) for n in np.diff(spent)] == [True, False, True, True]
    np.testing.assert_array_equal(outputs[0][0], outputs[1][0])


def test_of_a_list_held_out_samples_choose(digit_images, quick):
    sampler = GANOverSampler(sources=["deformation", "symmetry"], random_state=0)
    sampler.fit_resample(*digit_images)
    tried = {name for trial in sampler.judgement_.trials for name in trial.shares}
    assert tried >= {"deformation", "symmetry"} and "gan" not in tried and sampler.gan_ is None
    assert clone(sampler).sources == ["deformation", "symmetry"]


def test_a_list_that_nothing_can_choose_from_is_refused(rows, digit_images):
    with pytest.raises(ganaug.ConfigError, match="but judge_budget is 0; give shares"):
        resample(*digit_images, sources=["deformation", "gan"])
    with pytest.raises(ganaug.ConfigError, match="sources of rows are not judged; give shares"):
        resample(*rows, sources=["gan", "interpolation"])


def test_a_judgement_decides_again_without_judging(digit_images):
    judgement = Judgement({"deformation": 0.5, "gan": 0.5})
    sampler = GANOverSampler(max_steps=3, sources=judgement, random_state=0)
    sampler.fit_resample(*digit_images)
    assert sampler.judgement_ is None and sampler.mixture_.shares == judgement.shares
    assert clone(sampler).sources.shares == judgement.shares


@pytest.mark.parametrize("sort", ["rows", "gray", "colour"])
def test_data_are_encoded_once(sort, rows, digit_images, quick, monkeypatch):
    X, y = rows if sort == "rows" else digit_images
    X = np.stack([X] * 3, axis=-1) if sort == "colour" else X
    calls = Counter()
    for codec in (TableCodec, ImageCodec):
        fit, store, encode = codec.fit.__func__, codec.store, codec.encode

        def counted(cls, *args, _fit=fit, **options):
            calls["fits"] += 1
            return _fit(cls, *args, **options)

        def stored(self, *args, _store=store, **options):
            calls["stores"] += 1
            return _store(self, *args, **options)

        def encoded(self, *args, _encode=encode, **options):
            calls["encodings"] += 1
            return _encode(self, *args, **options)

        monkeypatch.setattr(codec, "fit", classmethod(counted))
        monkeypatch.setattr(codec, "store", stored)
        monkeypatch.setattr(codec, "encode", encoded)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoGainWarning)
        sampler = GANOverSampler(max_steps=3, random_state=0)
        sampler.fit_resample(X, y)
    assert (sampler.judgement_ is None) == (sort == "rows")
    assert calls["fits"] == 1 and calls["stores"] == 1 and calls["encodings"] <= 1, calls


def test_the_mixture_makes_more_of_the_same(digit_images, tmp_path):
    sampler = GANOverSampler(max_steps=3, sources={"repeat": 1.0}, random_state=0)
    sampler.fit_resample(*digit_images)
    more = sampler.mixture_.sample(7, label=1, random_state=0)
    assert (more[:, None] == digit_images[0][60:]).all(axis=(2, 3)).any(axis=1).all()
    ganaug.make_pool(sampler.mixture_, 4, tmp_path / "more.pool", random_state=0)


def test_series_are_not_taken_for_images_unless_they_are_said_to_be(rows, monkeypatch):
    monkeypatch.setattr("ganaug.data.kind.registry.names", lambda group: ["image", "table"])  # no plugin's kind
    X, y = np.random.default_rng(0).normal(size=(100, 6, 50)), np.repeat([0, 1], [80, 20])
    with pytest.raises(ganaug.SchemaError, match="shape .100, 6, 50. is not clearly of any kind.*kind='image'"):
        resample(X, y)
    X = X.clip(-1, 1)
    assert added(X, y, kind="image", max_steps=2)[0].shape == (60, 6, 50)


@pytest.mark.parametrize("table", [True, False])
def test_no_model_is_trained_where_none_is_sampled(table, rows, digit_images):
    sampler = GANOverSampler(sources={"interpolation" if table else "deformation": 1.0}, random_state=0)
    X_new, y_new = sampler.fit_resample(*(rows if table else digit_images))
    assert sampler.gan_ is None and len(set(Counter(y_new).values())) == 1


def test_images_made_from_real_ones_have_their_pixel_values(digit_images):
    X, y = digit_images
    made, labels = added(X, y, sources={"deformation": 1.0})
    for image, label in zip(made, labels, strict=True):
        assert any(np.isin(image, real).all() for real in X[y == label])
    assert not any((X == image).all(axis=(1, 2)).any() for image in made)


def test_interpolated_rows_lie_on_lines_through_rows_of_the_class():
    rng = np.random.default_rng(0)
    along = rng.uniform(0, 1, 60)
    X = np.concatenate([rng.normal(5, 1, (100, 2)), np.stack([along, 2 * along - 1], axis=1)])
    made = resample(X, np.repeat([0, 1], [100, 60]), sources={"interpolation": 1.0}, rejection=0.0)[0][160:]
    np.testing.assert_allclose(made[:, 1], 2 * made[:, 0] - 1, atol=1e-5)
    assert -0.4 < made[:, 0].min() and made[:, 0].max() < 1.4
    assert np.abs(made[:, :1] - along).min(axis=1).max() > 1e-3


def test_rejection_leaves_out_what_looks_like_another_class():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (400, 2)), rng.normal([2, 0], 1, (60, 2))])
    y = np.repeat([0, 1], [400, 60])
    towards = [resample(X, y, rejection=share, max_steps=100)[0][460:, 0].mean() for share in (0.0, 0.4)]
    assert towards[1] > towards[0] + 0.3


def test_unknown_objective_says_what_is_known(rows):
    with pytest.raises(ganaug.PluginNotFoundError, match="did you mean 'hinge'"):
        resample(*rows, config={"objective": "hing"})


def test_unknown_source_says_what_is_known(rows):
    with pytest.raises(ganaug.PluginNotFoundError, match="did you mean 'interpolation'"):
        resample(*rows, sources={"interpolate": 1.0})


@pytest.mark.parametrize("kind", ["tables", "pictures"])
def test_unknown_kind_says_what_is_known(rows, kind):
    with pytest.raises(ganaug.PluginNotFoundError, match="'table'|image"):
        resample(*rows, kind=kind)


def test_settings_inside_config_are_parameters(rows):
    sampler = GANOverSampler(max_steps=3, random_state=0, config={"focus": 0.5})
    assert sampler.get_params()["config__focus"] == 0.5 and "config__focus" not in sampler.get_params(deep=False)
    assert sampler.set_params(config__width=8, max_steps=4) is sampler
    assert (sampler.config, sampler.max_steps) == ({"focus": 0.5, "width": 8}, 4)
    for again in (clone(sampler), pickle.loads(pickle.dumps(sampler))):
        again.fit_resample(*rows)
        assert (again.gan_.config.focus, again.gan_.config.width, again.gan_.step) == (0.5, 8, 4)
    given = GANOverSampler(config=TrainConfig(focus=0.5)).set_params(config__width=8)
    assert given.config == {"focus": 0.5, "width": 8}


def test_few_long_rows_take_seconds():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 5_000)).astype(np.float32), np.repeat([0, 1], [160, 40])
    start = time.process_time()
    assert resample(X, y, max_steps=5)[0].shape == (320, 5_000)
    assert time.process_time() - start < 60


@pytest.fixture(scope="module")
def source(digit_images):
    return ganaug.train(digit_images[0], digit_images[1] + 5, max_steps=2, random_state=0, width=4)


@pytest.fixture(scope="module", params=["object", "path"])
def pretrained(request, source, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "source.safetensors"
    source.save(path)
    return source if request.param == "object" else path


class TestPretrained:
    def test_the_gan_starts_from_it(self, digit_images, pretrained):
        sampler = GANOverSampler(
            pretrained=Finetune(pretrained, method="freeze-d"), max_steps=2, random_state=0, judge_budget=0
        )
        X_new, y_new = sampler.fit_resample(*digit_images)
        assert Counter(y_new) == {0: 60, 1: 60}
        assert sampler.gan_.config.width == 4
        assert sampler.gan_.transfer.method == "freeze-d"
        assert sampler.gan_.transfer.parts["classes"]["dropped"] == ["5", "6"]

    def test_in_a_pipeline_cloned_and_pickled(self, digit_images, pretrained):
        from sklearn.preprocessing import FunctionTransformer

        flat = FunctionTransformer(lambda X: X.reshape(len(X), -1) / 255)
        sampler = GANOverSampler(pretrained=pretrained, max_steps=2, random_state=0, judge_budget=0)
        model = clone(make_pipeline(sampler, flat, LogisticRegression()))
        assert model.fit(*digit_images).score(*digit_images) > 0.9
        X_new, _ = sampler.fit_resample(*digit_images)
        np.testing.assert_array_equal(clone(sampler).fit_resample(*digit_images)[0], X_new)
        again = pickle.loads(pickle.dumps(sampler)).fit_resample(*digit_images)[0]
        np.testing.assert_array_equal(again, X_new)

    def test_settings_that_are_given_win(self, digit_images, pretrained):
        config = {"objective": "hinge"}
        sampler = GANOverSampler(pretrained=pretrained, max_steps=2, config=config, random_state=0, judge_budget=0)
        sampler.fit_resample(*digit_images)
        assert (sampler.gan_.config.objective, sampler.gan_.config.spectral_norm) == ("hinge", True)

    def test_rows(self, rows):
        X, y = (pd.DataFrame(rows[0]).add_prefix("f"), rows[1])
        source = ganaug.train(X, y, max_steps=2, random_state=0)
        sampler = GANOverSampler(pretrained=source, max_steps=2, random_state=0)
        assert Counter(sampler.fit_resample(X[["f3", "f1"]], y)[1]) == dict.fromkeys([0, 1, 2], Counter(y)[0])
        assert sampler.gan_.transfer.parts["columns"]["kept"] == ["f3", "f1"]

    def test_wrong_input(self, rows, digit_images, source):
        with pytest.raises(ganaug.ConfigError, match="method = 'ewcc': Input should be .*'ewc'"):
            resample(*digit_images, pretrained=Finetune(source, method="ewcc"))
        with pytest.raises(ganaug.TransferError, match="cannot start a model of rows"):
            resample(*rows, pretrained=source)
        with pytest.raises(ganaug.CheckpointError, match="cannot read gone"):
            resample(*rows, pretrained="gone")
        with pytest.raises(ValueError, match="'pretrained' parameter"):
            resample(*rows, pretrained=3)


def test_the_doors_agree_on_every_default():
    config, params = TrainConfig(), GANOverSampler().get_params()
    shared = TrainConfig.model_fields.keys() & params.keys()
    assert shared == {"max_steps", "max_seconds", "device"}
    assert {name: params[name] for name in shared} == {name: getattr(config, name) for name in shared}
    assert GANOverSampler()._train_config() == TrainConfig(quality="oversampling")
    assert len(params) <= 12


def test_without_a_seed_numpy_s_global_one_decides_as_in_imbalanced_learn(rows):
    X, y = rows
    made = []
    for seed in (0, 0, 1):
        np.random.seed(seed)  # noqa: NPY002
        X_new, _ = GANOverSampler(max_steps=2).fit_resample(X, y)
        made.append(X_new)
        assert np.random.randint(2**31) == np.random.RandomState(seed).randint(2**31, size=2)[1]  # noqa: NPY002
    np.testing.assert_array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])


@pytest.mark.parametrize("X", [np.ones((20, 3)), pd.DataFrame({"a": ["x"] * 20, "b": 1.5}), sparse.csr_matrix((20, 2))])
def test_where_all_columns_are_constant_rows_are_copies(X):
    X_new, y_new = GANOverSampler(random_state=0).fit_resample(X, np.repeat([0, 1], [13, 7]))
    assert type(X_new) is type(X) and X_new.shape == (26, X.shape[1])
    assert np.bincount(y_new).tolist() == [13, 13]
    dense = X_new.toarray() if sparse.issparse(X_new) else np.asarray(X_new)
    assert (dense == dense[0]).all()


@pytest.mark.parametrize(
    "values",
    [
        lambda n: pd.cut(pd.Series(np.arange(n) % 7), 3),
        lambda n: pd.Series(pd.period_range("2020-01", periods=n, freq="M")),
        lambda n: pd.Series([Decimal(i) / 4 for i in range(n)]),
        lambda n: pd.Series(pd.to_datetime(["2020-01-01", "2021-01-01"] * (n // 2))).astype("category"),
        lambda n: pd.Series([datetime.time(i % 24) for i in range(n)]),
    ],
)
def test_what_only_a_checkpoint_cannot_hold_is_refused_by_save(values, tmp_path):
    n = 60
    X = pd.DataFrame({"a": np.random.default_rng(0).normal(size=n), "b": values(n)})
    y = np.repeat([0, 1], [45, 15])
    sampler = GANOverSampler(max_steps=2, random_state=0)
    X_new, _ = sampler.fit_resample(X, y)
    assert (X_new.dtypes == X.dtypes).all() and X_new["b"].isin(X["b"]).all()
    gan = ganaug.train(X, y, max_steps=2, random_state=0)
    assert gan.sample(3, label=1)["b"].isin(X["b"]).all()
    for model in (sampler.gan_, gan):
        with pytest.raises(SchemaError, match="which a checkpoint cannot hold"):
            model.save(tmp_path / "m.safetensors")
    with pytest.raises(SchemaError, match="which a checkpoint cannot hold"):  # before the first step, not after hours
        ganaug.train(X, y, max_steps=10**9, callbacks=[ganaug.Snapshot(tmp_path / "m.resume")])
    assert not list(tmp_path.iterdir())


def test_moments_may_be_classes(tmp_path):
    y = pd.Series(pd.to_datetime(np.repeat(["2020-01-01", "2021-01-01"], [45, 15])))
    X = np.random.default_rng(0).normal(size=(60, 2))
    sampler = GANOverSampler(max_steps=2, random_state=0)
    _, y_new = sampler.fit_resample(X, y)
    assert y_new.dtype == y.dtype and y_new.value_counts().tolist() == [45, 45]
    with pytest.raises(SchemaError, match="strings, numbers or booleans to be saved"):
        sampler.gan_.save(tmp_path / "m.safetensors")


def test_skops_dumps_and_loads_a_fitted_sampler(rows):
    skops = pytest.importorskip("skops.io")
    sampler = GANOverSampler(max_steps=2, random_state=0)
    sampler.fit_resample(*rows)
    dumped = skops.dumps(sampler)
    kinds = skops.get_untrusted_types(data=dumped)
    assert all(kind.startswith("ganaug.") for kind in kinds)
    again = skops.loads(dumped, trusted=kinds)
    for model in ("gan_", "mixture_"):
        made = [getattr(one, model).sample(5, label=2, random_state=0) for one in (sampler, again)]
        np.testing.assert_array_equal(*made)

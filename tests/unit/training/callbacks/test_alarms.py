import warnings

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning

import ganaug
from ganaug.core.history import History
from ganaug.data.encoded import encode
from ganaug.data.image.pixels import to_floats
from ganaug.training.callbacks import Callback, Watchdog
from ganaug.training.callbacks.alarms import CopyProbe
from ganaug.training.trainer import Trainer


def trainer(X, y):
    data = encode(X, y, quality="oversampling")  # which leaves equal numbers equal
    gan = ganaug.train(X, y, max_steps=1, quality="oversampling", random_state=0)
    return Trainer(gan, data, seed=0)


class Planted(torch.nn.Module):
    """A generator that gives back what it is given, in turn, with noise."""

    def __init__(self, x, c, noise):
        super().__init__()
        self.x, self.c, self.noise = x, c, noise

    def forward(self, z, c):
        made = torch.stack([self.x[self.c == k][i % int((self.c == k).sum())] for i, k in enumerate(c.tolist())])
        return made + self.noise * torch.randn(made.shape, generator=torch.Generator().manual_seed(0))


def test_three_rows_learnt_by_heart_raise_the_alarm():
    X, y = load_iris(return_X_y=True)
    keep = np.r_[0:50, 50, 60, 70]
    with pytest.warns(ConvergenceWarning, match=r"samples of class '1' are copies.*Use fewer max_steps"):
        ganaug.train(X[keep], y[keep], max_steps=1000, learning_rate=3e-3, quality="oversampling", random_state=0)


@pytest.mark.slow
def test_four_images_learnt_by_heart_raise_the_alarm():
    X, y = load_digits(return_X_y=True)
    keep = np.r_[np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:4]]
    with pytest.warns(ConvergenceWarning, match="samples of class '1' are copies"):
        ganaug.train(X[keep].reshape(-1, 8, 8), y[keep], random_state=0)


@pytest.mark.slow
@pytest.mark.parametrize("load", [load_wine, load_breast_cancer])
def test_no_alarm_on_tables_with_default_settings(load):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ganaug.train(*load(return_X_y=True), random_state=0)


@pytest.mark.slow
def test_no_alarm_on_the_bundled_digits_with_default_settings():
    X, y = load_digits(return_X_y=True)
    keep = np.r_[np.flatnonzero(y != 3), np.flatnonzero(y == 3)[:12]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ganaug.train(X[keep].reshape(-1, 8, 8), y[keep], random_state=0)


def test_the_ratio_tells_copies_from_samples_of_the_same_kind(digit_images):
    run = trainer(*digit_images)
    probe = CopyProbe(run)
    x, c = to_floats(run.batches.x), run.batches.c
    run.generator_ema = Planted(x, c, noise=0.0)
    assert max(probe.ratios(run).values()) < 1e-3
    other = encode(np.random.default_rng(1).permuted(digit_images[0], axis=2), digit_images[1])  # new pixels, same kind
    run.generator_ema = Planted(torch.from_numpy(other.floats()), torch.from_numpy(other.c), noise=0.0)
    assert min(probe.ratios(run).values()) > 0.8


def test_the_ratio_is_one_for_the_distance_between_neighbours():
    X = np.array([[0.0, 0], [1, 0], [3, 0], [6, 0], [10, 0]])
    run = trainer(np.r_[X, X + 50], np.repeat([0, 1], 5))
    probe = CopyProbe(run)
    x = run.batches.x[:5]
    apart = torch.cdist(x, x).fill_diagonal_(torch.inf).amin(1).median()
    outward = torch.nn.functional.normalize(x[:1] - x[1:2])
    run.generator_ema = lambda z, c: (x[:1] + outward * apart / 2).repeat(len(z), 1)
    assert probe.ratios(run)[0] == pytest.approx(0.5, abs=1e-4)


@pytest.mark.filterwarnings("ignore:only one sample")
def test_twins_single_samples_and_categories_are_left_alone():
    twins = np.repeat(np.random.default_rng(0).normal(size=(5, 2)), 4, axis=0)
    assert CopyProbe(trainer(np.r_[twins, twins + 9], np.repeat([0, 1], 20))).apart == {}
    rows = np.random.default_rng(0).normal(size=(21, 2))
    assert CopyProbe(trainer(rows, [0] * 20 + [1])).apart.keys() == {0}
    letters = np.random.default_rng(0).choice(list("abc"), (40, 3))
    assert CopyProbe(trainer(letters, [0, 1] * 20)).apart == {}


def test_many_classes_are_watched_at_the_rare_end():
    labels = np.repeat(np.arange(12), np.arange(14, 2, -1))
    run = trainer(np.random.default_rng(0).normal(size=(len(labels), 3)), labels)
    assert sorted(CopyProbe(run).apart) == [4, 5, 6, 7, 8, 9, 10, 11]


def test_looking_changes_nothing(digit_images):
    class Look(Callback):
        def on_record(self, trainer):
            CopyProbe(trainer).ratios(trainer)

    plain, watched = (
        ganaug.train(*digit_images, max_steps=3, random_state=0, callbacks=callbacks) for callbacks in ([], [Look()])
    )
    for a, b in zip(plain.generator_ema.parameters(), watched.generator_ema.parameters(), strict=True):
        assert torch.equal(a, b)


class Stub:
    """As much of a trainer as the watchdog looks at."""

    def __init__(self):
        self.history = History()

    def row(self, step, **values):
        usual = {"d_accuracy_real": 0.7, "d_accuracy_fake": 0.6, "diversity": 0.8}
        self.history.append(step=step, **{**usual, **values})
        return self


def test_watchdog_warns_once_when_d_has_won():
    watchdog, stub = Watchdog(patience=3), Stub()
    perfect = {"d_accuracy_real": 1.0, "d_accuracy_fake": 1.0}
    for step in (1, 2):
        watchdog.on_record(stub.row(step, **perfect))
    watchdog.on_record(stub.row(3))
    for step in (4, 5):
        watchdog.on_record(stub.row(step, **perfect))
    with pytest.warns(ConvergenceWarning, match="told every sample right"):
        watchdog.on_record(stub.row(6, **perfect))
    for step in range(7, 20):
        watchdog.on_record(stub.row(step, **perfect))


def test_watchdog_warns_once_about_collapse_but_not_at_the_start():
    watchdog, stub = Watchdog(), Stub()
    watchdog.on_record(stub.row(10, diversity=0.01))
    with pytest.warns(ConvergenceWarning, match="mode collapse"):
        watchdog.on_record(stub.row(200, diversity=0.01))
    watchdog.on_record(stub.row(210, diversity=0.01))


def test_a_collapsed_generator_is_noticed(iris):
    class Collapse(Callback):
        def on_record(self, trainer):
            with torch.no_grad():
                for network in (trainer.gan.generator, trainer.gan.generator_ema):
                    network.body[-1].weight.zero_()

    with pytest.warns(ConvergenceWarning, match="mode collapse"):
        ganaug.train(*iris, max_steps=300, quality="oversampling", callbacks=[Collapse()], random_state=0)

import io
import sys

import numpy as np
import pytest

pytest.importorskip("PIL")
from PIL import Image
from sklearn.datasets import load_iris

import ganaug
from ganaug.evaluation.watching import RareFidelity
from ganaug.training.callbacks import TensorBoard

accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")


def events(folder):
    found = accumulators.EventAccumulator(str(folder), size_guidance={"images": 0, "scalars": 0})
    found.Reload()
    return found


def test_curves_samples_and_fidelity_can_be_read_back(digit_images, tmp_path):
    X, y = digit_images
    y = np.where(y == 0, "left", "right/half")
    board = TensorBoard(tmp_path / "run", every=2, measure=RareFidelity(n_classes=1, n=20))
    gan = ganaug.train(X, y, max_steps=5, random_state=0, callbacks=[board])
    found = events(tmp_path / "run")
    for name, tag in (
        ("d_loss", "loss/discriminator"),
        ("g_loss", "loss/generator"),
        ("d_accuracy_real", "accuracy of D/real"),
        ("d_accuracy_fake", "accuracy of D/synthetic"),
        ("d_grad_norm", "gradient norm/discriminator"),
        ("g_grad_norm", "gradient norm/generator"),
        ("diversity", "samples/diversity"),
        ("samples_per_second", "speed/samples per second"),
    ):
        assert [event.step for event in found.Scalars(tag)] == gan.history["step"]
        assert [event.value for event in found.Scalars(tag)] == pytest.approx(gan.history[name])
    assert found.Tags()["images"] == ["class left", "class right/half"]
    assert [event.step for event in found.Images("class left")] == [2, 4, 5]
    grid = Image.open(io.BytesIO(found.Images("class left")[-1].encoded_image_string))
    assert grid.size == (8 * 8, 8)
    coverage = [(event.step, event.value) for event in found.Scalars("coverage/right/half")]
    assert [step for step, _ in coverage] == [2, 4, 5] and all(0 <= value <= 1 for _, value in coverage)
    assert min(event.value for event in found.Scalars("nearest ratio/right/half")) > 0


def test_the_grids_show_the_same_latents_growing_up(digit_images, tmp_path):
    ganaug.train(*digit_images, max_steps=40, random_state=0, callbacks=[TensorBoard(tmp_path, every=20)])
    first, last = (
        np.asarray(Image.open(io.BytesIO(event.encoded_image_string)), dtype=float)
        for event in events(tmp_path).Images("class 0")
    )
    assert first.shape == last.shape and not np.array_equal(first, last)


def test_rows_have_curves_but_no_grids(tmp_path):
    ganaug.train(*load_iris(return_X_y=True), max_steps=3, random_state=0, callbacks=[TensorBoard(tmp_path)])
    found = events(tmp_path)
    assert found.Tags()["images"] == [] and len(found.Scalars("loss/generator")) == 3


def test_a_missing_tensorboard_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ganaug.core.errors.MissingExtraError, match=r"pip install 'ganaug\[tensorboard\]'"):
        TensorBoard(tmp_path)


def test_a_board_that_never_draws_is_refused(tmp_path):
    with pytest.raises(ganaug.ConfigError, match="every must be at least 1"):
        TensorBoard(tmp_path, every=0)


def test_measuring_leaves_the_training_as_it_was(digit_images, tmp_path):
    plain = ganaug.train(*digit_images, max_steps=4, random_state=0)
    board = TensorBoard(tmp_path, every=1, measure=RareFidelity(n=20))
    watched = ganaug.train(*digit_images, max_steps=4, random_state=0, callbacks=[board])
    assert np.array_equal(plain.sample(5, label=0, random_state=0), watched.sample(5, label=0, random_state=0))

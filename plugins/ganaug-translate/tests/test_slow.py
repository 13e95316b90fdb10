"""Learning quality: minutes of CPU; ``python -m pytest -m slow``."""

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits, load_sample_images
from sklearn.svm import SVC

from ganaug_translate import train_restorer, train_translator

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def photographs():
    """A photograph to learn from, and pieces of another one to judge by."""
    china, flower = load_sample_images().images
    pieces = [flower[top : top + 64, left : left + 64] for top in range(0, 384, 96) for left in range(0, 600, 96)]
    return china, np.stack(pieces)


def psnr(images, made):
    errors = ((images.astype(float) - made) ** 2).mean((1, 2, 3))
    return float((10 * np.log10(255**2 / errors)).mean())


def each(function, images, *others):
    return np.stack(
        [function(np.ascontiguousarray(image), *rest) for image, *rest in zip(images, *others, strict=True)]
    )


def spoiled(task, images):
    """Return what is given to the restorer, masks, and what classical methods make of it."""
    rng = np.random.default_rng(0)
    if task == "superres":
        small = each(lambda image: cv2.resize(image, (32, 32), interpolation=cv2.INTER_AREA), images)
        return small, None, [each(lambda image: cv2.resize(image, (64, 64), interpolation=cv2.INTER_CUBIC), small)]
    if task == "denoise":
        noisy = (images + rng.normal(0, 25, images.shape)).clip(0, 255).astype(np.uint8)
        methods = [each(lambda image, h=h: cv2.fastNlMeansDenoisingColored(image, None, h, h), noisy) for h in (10, 20)]
        return noisy, None, [*methods, each(lambda image: cv2.bilateralFilter(image, 7, 75, 3), noisy)]
    masks = np.zeros(images.shape[:3], np.uint8)
    for mask in masks:
        for _ in range(3):
            top, left = rng.integers(0, 46, 2)
            mask[top : top + 18, left : left + 18] = 1
    holed = images * (1 - masks[..., None])
    return holed, masks, [each(lambda image, mask: cv2.inpaint(image, mask, 3, cv2.INPAINT_TELEA), holed, masks)]


@pytest.mark.parametrize("task", ["superres", "denoise", "inpaint"])
def test_a_restorer_is_ahead_of_classical_methods_on_another_photograph(photographs, task):
    china, pieces = photographs
    given, masks, classical = spoiled(task, pieces)
    restorer = train_restorer([china], task=task, max_steps=600, random_state=0)
    own = psnr(pieces, restorer.apply(given, masks=masks))
    others = [psnr(pieces, made) for made in classical]
    margin = {"superres": 0.5, "denoise": 0.5, "inpaint": 0.0}[task]
    assert own > max(others) + margin, (own, others)


@pytest.mark.parametrize("method", ["cut", "fastcut", "cyclegan"])
@pytest.mark.parametrize(("source", "target"), [(3, 8), (1, 7)])
def test_digits_are_translated_and_stay_recognisable(method, source, target):
    digits = load_digits()
    X, y = (digits.images * 15.9).astype(np.uint8), digits.target
    classifier = SVC(gamma=0.001).fit(digits.data[::2], y[::2])
    translator = train_translator(
        X[::2], y[::2], source=source, target=target, method=method, max_steps=400, random_state=0
    )
    before = X[1::2][y[1::2] == source]
    after = translator.apply(before)
    flat = [images.reshape(len(images), -1) / 15.9 for images in (before, after)]
    called = (classifier.predict(flat[1]) == target).mean()
    own = (cdist(flat[1], flat[0]).argmin(1) == np.arange(len(before))).mean()
    assert called >= 0.8 and own >= 0.5, (called, own)


PROGRAM = """
import sys
import numpy as np
from sklearn.datasets import load_digits
from ganaug.core.processes import launched
from ganaug_translate import train_translator
digits = load_digits()
X = (digits.images * 15.9).astype("uint8")
settings = dict(source=3, target=8, max_steps=3, precision="float32", random_state=0, distributed=launched())
np.savez(sys.argv[1] + os.environ.get("RANK", ""), **train_translator(X, digits.target, **settings).arrays())
"""


def test_two_processes_train_what_one_does(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import os\n" + PROGRAM)
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, program, tmp_path / "one"], check=True, env=environment)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    subprocess.run([*torchrun, program, tmp_path / "two"], check=True, env=environment)
    one, first, second = (np.load(tmp_path / name) for name in ("one.npz", "two0.npz", "two1.npz"))
    for name in one:
        assert np.array_equal(first[name], second[name])
        np.testing.assert_allclose(one[name], first[name], atol=2e-3)

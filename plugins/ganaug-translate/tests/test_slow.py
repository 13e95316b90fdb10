"""Learning quality: minutes of CPU; ``python -m pytest -m slow``."""

import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits
from sklearn.svm import SVC

from ganaug_translate import train_translator

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("method", "steps"), [("cut", 200), ("fastcut", 200), ("cyclegan", 150)])
def test_threes_become_eights_and_stay_recognisable(method, steps):
    digits = load_digits()
    X, y = (digits.images * 15.9).astype(np.uint8), digits.target
    classifier = SVC(gamma=0.001).fit(digits.data[::2], y[::2])
    settings = {"method": method, "max_steps": steps, "width": 8, "random_state": 0}
    translator = train_translator(X[::2], y[::2], source=3, target=8, **settings)
    before = X[1::2][y[1::2] == 3]
    flat = [images.reshape(len(images), -1) / 15.9 for images in (before, translator.apply(before))]
    called = (classifier.predict(flat[1]) == 8).mean()
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

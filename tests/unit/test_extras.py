"""What is optional is not needed for tables, and where it is needed one line says how to get it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

OPTIONAL = "albumentations cv2 jinja2 matplotlib PIL platformdirs pyarrow rich tensorboard torchvision typer".split()
ROOT = Path(__file__).parents[2]


def without(modules, code, cwd=None):
    """Run code in a process that has none of these modules."""
    hide = f"import sys; sys.modules.update(dict.fromkeys({modules!r}))\n"
    return subprocess.run([sys.executable, "-c", hide + code], capture_output=True, text=True, cwd=cwd)


TABLES = """
import numpy as np, pandas as pd, ganaug
from imblearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

rng = np.random.default_rng(0)
y = np.repeat(["no", "yes"], [60, 20])
X = pd.DataFrame({"a": rng.normal(size=80), "b": rng.choice(["x", "y"], 80)})
X_new, y_new = ganaug.GANOverSampler(max_steps=3, random_state=0).fit_resample(X, y)
assert len(X_new) == 120
make_pipeline(ganaug.GANOverSampler(max_steps=3), DecisionTreeClassifier()).fit(X[["a"]], y)
gan = ganaug.train(X, y, max_steps=3, random_state=0)
gan.save("rows.safetensors")
same = ganaug.load("rows.safetensors").sample(5, label="yes", random_state=0)
assert same.equals(gan.sample(5, label="yes", random_state=0))
ganaug.finetune(gan, X, y, max_steps=3)
ganaug.synthesize(gan, {"yes": 5}, "rows")
ganaug.verify("rows")
images = rng.integers(0, 256, (20, 8, 8), dtype=np.uint8)  # of images, what needs no library of them
ganaug.train(images, np.arange(20) % 2, max_steps=2).sample(2, label=1)
"""


def test_tables_need_nothing_optional(tmp_path):
    done = without(OPTIONAL, TABLES, tmp_path)
    assert done.returncode == 0, done.stderr


def test_tables_import_nothing_optional():
    code = "import sys, ganaug; ganaug.GANOverSampler; ganaug.train; ganaug.load; ganaug.finetune; ganaug.synthesize"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print([m for m in {OPTIONAL} if m in sys.modules])"],
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "[]", done.stderr


IMAGES = "import numpy as np, ganaug; X = np.zeros((40, 8, 8), np.uint8); y = np.arange(40) < 14\n"
MODEL = IMAGES + "X[y, 4:] = 200; gan = ganaug.train(X, y, max_steps=2, random_state=0)\n"


@pytest.mark.parametrize(
    ("module", "extra", "code"),
    [
        ("torchvision", "images", "import ganaug; ganaug.SyntheticMix"),
        ("torchvision", "images", "import ganaug; ganaug.GANReplace"),
        ("PIL", "images", "import ganaug; ganaug.make_pool"),
        ("albumentations", "images", "import ganaug.loops.albumentations"),
        ("torchvision", "images", f"{IMAGES}ganaug.GANOverSampler(max_steps=2).fit_resample(X, y)"),
        ("torchvision", "images", f"{MODEL}ganaug.evaluate(gan, (X, y))"),
        ("cv2", "images", f"{MODEL}ganaug.synthesize(gan, 2, 'out')"),
        ("PIL", "images", f"{MODEL}ganaug.synthesize(gan, 2, 'out', format='npz')"),
        ("PIL", "images", "from pathlib import Path; from ganaug.data.readers import read; read(Path('.'))"),
        ("rich", "cli", "from ganaug.training.callbacks import ProgressBar; ProgressBar()"),
        ("rich", "cli", "from ganaug.training.callbacks import LiveTable; LiveTable()"),
        ("jinja2", "report", "from ganaug.report import require_extras; require_extras()"),
        ("matplotlib", "report", "from ganaug import History; History().plot()"),
        ("tensorboard", "tensorboard", "from ganaug.training.callbacks import TensorBoard; TensorBoard('runs')"),
    ],
)
def test_a_missing_extra_is_one_line_that_says_how_to_get_it(tmp_path, module, extra, code):
    done = without([module], code, tmp_path)
    last = done.stderr.strip().splitlines()[-1]
    advice = rf"needs \w+, which is not installed; use: pip install 'ganaug\[{extra}\]'"
    assert re.fullmatch(rf"ganaug\.core\.errors\.MissingExtraError: .+ {advice}", last), done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("module", ["typer", "rich"])
def test_the_command_without_its_extra_is_one_line(module):
    done = without([module], "from ganaug.cli import main; main()")
    assert done.returncode == 1
    advice = r"needs (typer|rich), which is not installed; use: pip install 'ganaug\[cli\]'"
    assert done.stdout == ""
    assert re.fullmatch(rf"error: the ganaug command {advice}\n", done.stderr)


def test_all_is_every_extra_that_users_have():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = extras["all"][0].removeprefix("ganaug[").removesuffix("]").split(",")
    assert sorted(named) == sorted(extras.keys() - {"all", "clients", "dev", "test"})

"""What is optional is not needed for tables, and where it is needed one line says how to get it."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

OPTIONAL = "albumentations cv2 jinja2 matplotlib PIL platformdirs pyarrow rich tensorboard torchvision typer".split()
ROOT = Path(__file__).parents[2]


HIDE = """
import sys
from importlib.machinery import PathFinder

class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {hidden} else super().find_spec(name, path, target)

sys.meta_path = [Finder if finder is PathFinder else finder for finder in sys.meta_path]
"""


def without(modules, code, cwd=None):
    """Run code in a process where these packages are not installed."""
    code = HIDE.format(hidden=modules) + code
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd)


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
    own = [module for module in OPTIONAL if module not in ("pyarrow", "rich")]  # those torch and pandas like to import
    code = "import sys, ganaug; ganaug.GANOverSampler; ganaug.train; ganaug.load; ganaug.finetune; ganaug.synthesize"
    done = without([], f"{code}; print([module for module in {own} if module in sys.modules])")
    assert done.stdout.strip() == "[]", done.stderr


IMAGES = "import numpy as np, ganaug; X = np.zeros((40, 8, 8), np.uint8); y = np.arange(40) < 14\n"
MODEL = IMAGES + "X[y, 4:] = 200; gan = ganaug.train(X, y, max_steps=2, random_state=0)\n"


MISSING = [
    ("torchvision", "images", "import ganaug; ganaug.SyntheticMix"),
    ("torchvision", "images", "import ganaug; ganaug.GANReplace"),
    ("PIL", "images", "import ganaug; ganaug.make_pool"),
    ("albumentations", "images", "import ganaug.loops.albumentations"),
    ("torchvision", "images", f"{IMAGES}ganaug.GANOverSampler(max_steps=2).fit_resample(X, y)"),
    ("torchvision", "images", f"{MODEL}ganaug.evaluate(gan, X + 1, y, X, y)"),
    ("cv2", "images", f"{MODEL}ganaug.synthesize(gan, 2, 'out')"),
    ("PIL", "images", f"{MODEL}ganaug.synthesize(gan, 2, 'out', format='npz')"),
    ("PIL", "images", "from pathlib import Path; from ganaug.data.readers import read; read(Path('.'))"),
    ("rich", "cli", "from ganaug.training.callbacks import ProgressBar; ProgressBar()"),
    ("rich", "cli", "from ganaug.training.callbacks import LiveTable; LiveTable()"),
    ("jinja2", "report", "from ganaug.report import require_extras; require_extras()"),
    ("matplotlib", "report", "from ganaug import History; History().plot()"),
    ("tensorboard", "tensorboard", "from ganaug.training.callbacks import TensorBoard; TensorBoard('runs')"),
]
COMMAND = "from ganaug.cli import main; main()"
WITHOUT = [*((module, code) for module, _, code in MISSING), ("typer", COMMAND), ("rich", COMMAND)]
FORKING = """
import json, os, sys, traceback
import imblearn, numpy, pandas, sklearn, torch  # what all cases need: imported once, then forked

codes = []
for module, code, folder in json.loads(sys.argv[1]):
    process = os.fork()
    if process:
        codes.append(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
        continue
    os.chdir(folder)
    for stream, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(name, os.O_CREAT | os.O_WRONLY), stream)
    for name in [name for name in sys.modules if name.partition(".")[0] == module]:
        del sys.modules[name]
    status = 0
    try:
        exec(code, {"__name__": "__main__"})
    except BaseException as error:
        status = 1
        print(error, file=sys.stderr) if isinstance(error, SystemExit) else traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
print(json.dumps(codes))
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Exit code and folder, with what was printed, of each code without its module."""
    folders = [tmp_path_factory.mktemp("without") for _ in WITHOUT]
    cases = [
        (module, HIDE.format(hidden=[module]) + code, str(folder))
        for (module, code), folder in zip(WITHOUT, folders, strict=True)
    ]
    done = subprocess.run([sys.executable, "-c", FORKING, json.dumps(cases)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    codes = json.loads(done.stdout)
    return dict(zip(WITHOUT, zip(codes, folders, strict=True), strict=True))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.parametrize(("module", "extra", "code"), MISSING)
def test_a_missing_extra_is_one_line_that_says_how_to_get_it(outcomes, module, extra, code):
    _, folder = outcomes[module, code]
    said = (folder / "stderr").read_text()
    advice = rf"needs \w+, which is not installed; use: pip install 'ganaug\[{extra}\]'"
    assert re.fullmatch(rf"ganaug\.core\.errors\.MissingExtraError: .+ {advice}", said.strip().splitlines()[-1]), said
    assert not (folder / "out").exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.parametrize("module", ["typer", "rich"])
def test_the_command_without_its_extra_is_one_line(outcomes, module):
    status, folder = outcomes[module, COMMAND]
    assert (status, (folder / "stdout").read_text()) == (1, "")
    advice = r"needs (typer|rich), which is not installed; use: pip install 'ganaug\[cli\]'"
    assert re.fullmatch(rf"error: the ganaug command {advice}\n", (folder / "stderr").read_text())


def test_all_is_every_extra_but_the_hub():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = extras["all"][0].removeprefix("ganaug[").removesuffix("]").split(",")
    assert sorted(named) == sorted(extras.keys() - {"all", "clients", "dev", "docs", "hub", "test"})

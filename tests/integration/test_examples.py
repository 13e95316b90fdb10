"""Every example runs as a user would run it; benchmarks do so with the slow tests."""

import os
import subprocess
import sys
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

EXAMPLES = Path(__file__).parents[2] / "examples"
SLOW = ("benchmarks/", "notebooks/")  # folders of examples that take minutes
ARGUMENTS = {
    "credit.py": [],
    "train_albumentations.py": ["--gan-steps", "3", "--epochs", "1", "--p", "0.5", "--data", "small.npz"],
    "train_torchvision.py": ["--gan-steps", "3", "--epochs", "1", "--refresh", "1", "--share", "0.5"],
    "benchmarks/alarms.py": ["--few", "2", "--max-steps", "20", "--data", "small.csv"],
    "benchmarks/cli.py": ["--runs", "1"],
    "benchmarks/compare.py": ["--data", "small.csv", "--repeats", "1"],
    "benchmarks/digits.py": ["--max-steps", "3"],
    "benchmarks/evaluation.py": ["--coverage", "2"],
    "benchmarks/hostile.py": ["--cases", "2"],
    "benchmarks/image_fidelity.py": ["--seconds", "0.1", "--judge-steps", "3"],
    "benchmarks/images.py": ["--max-steps", "3", "--steps", "3"],
    "benchmarks/latent.py": ["--max-steps", "3", "--n", "4", "--directions", "1"],
    "benchmarks/loaders.py": ["--items", "256", "--rounds", "1", "--workers", "0", "--pool-samples", "100"],
    "benchmarks/peers.py": [],
    "benchmarks/reading.py": ["--megabytes", "5"],
    "benchmarks/scale.py": ["--rows", "2000", "--samples", "1000"],
    "benchmarks/stream.py": ["--rows", "3000", "--max-steps", "3"],
    "benchmarks/synthesis.py": ["--data", "small.csv", "--qualities", "draft"],
    "benchmarks/tabular.py": ["--data", "small.csv"],
    "benchmarks/throughput.py": ["--sizes", "8,8x3", "--steps", "2", "--turns", "1"],
    "benchmarks/writing.py": ["--images", "200", "--rows", "2000", "--rounds", "1"],
    "benchmarks/transfer.py": ["--source-steps", "2", "--steps", "1", "2", "--picture", "picture.png"],
    "notebooks/images.py": [],
    "notebooks/quick_start.py": [],
    "notebooks/transfer.py": [],
}
SHOWN = {
    "credit.py": ["GANOverSampler", "threshold at the prior", "average_precision"],
    "train_albumentations.py": ["rare: 1 (8)", "balanced, GANReplace p 0.5", "minority recall"],
    "train_torchvision.py": ["rare: 1 (15)", "SyntheticMix, share 0.5", "refreshed [", "GANReplace", "minority recall"],
    "benchmarks/alarms.py": ["digits", "2 images of 0 and of 1", "small.csv", "ratio", "rang: nothing"],
    "benchmarks/cli.py": ["median ms", "ganaug --help", "ganaug info"],
    "benchmarks/digits.py": ["coverage", "distance ratio"],
    "benchmarks/images.py": ["recall gain", "ROS + augmentation", "+ CMO", "auto"],
    "benchmarks/loaders.py": ["bare dataset", "SyntheticMix", "GANReplace"],
    "benchmarks/reading.py": ["× the frame", "ganaug", "pandas"],
    "benchmarks/scale.py": ["rows/s", "GANOverSampler on 2,000 rows", "× the frame"],
    "benchmarks/stream.py": ["3,000 rows", "'fraud': 2", "peak memory"],
    "benchmarks/tabular.py": ["mean rank", "GANOverSampler", "CPU-seconds"],
    "benchmarks/throughput.py": ["images/s", "ratio of medians"],
    "benchmarks/writing.py": ["images of 32 × 32", "rows of 10 columns", "writing alone", "resident MB"],
    "benchmarks/transfer.py": ["Fréchet distance", "scratch", "full/mixture", "Classes: new 5, 6, 7, 8, 9"],
    "notebooks/images.py": ["share 0.25"],
    "notebooks/quick_start.py": ["fidelity: ", "utility: ", "privacy: "],
    "notebooks/transfer.py": ["fine-tuned"],
}


def test_no_example_is_left_out():
    scripts = (file for file in EXAMPLES.rglob("*.py") if file.name != "hostile_cases.py")  # a module of hostile.py
    assert {str(file.relative_to(EXAMPLES)) for file in scripts} == ARGUMENTS.keys()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to be in, with a small table and a few images."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"a": rng.normal(size=80), "b": rng.choice(["x", "y", None], 80), "c": rng.integers(0, 5, 80)})
    rows.assign(kind=np.where(np.arange(80) < 15, "rare", "usual")).to_csv(tmp_path / "small.csv", index=False)
    images, labels = rng.integers(0, 256, (60, 8, 8), dtype=np.uint8), np.repeat([0, 1], [48, 12])
    np.savez(tmp_path / "small.npz", images=images, labels=labels, split=(np.arange(60) % 3 == 0).astype(int))
    monkeypatch.chdir(tmp_path)


@pytest.mark.filterwarnings("default")  # as for a user
@pytest.mark.parametrize("example", [name for name in ARGUMENTS if not name.startswith(SLOW)])
def test_example_runs(example, folder, monkeypatch, capsys):
    """In this process: one of its own would import torch once more."""
    pytest.importorskip("torchvision")
    monkeypatch.syspath_prepend(EXAMPLES)  # one imports another
    spec = spec_from_file_location("example", EXAMPLES / example)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", [example, *ARGUMENTS[example]])
    if example == "credit.py":
        monkeypatch.setattr(module, "applications", partial(module.applications, 600))
    with torch.random.fork_rng(devices=[]):
        module.main()
    shown = capsys.readouterr().out
    assert all(word in shown for word in SHOWN[example])


@pytest.mark.slow
@pytest.mark.parametrize("example", [name for name in ARGUMENTS if name.startswith(SLOW)])
def test_slow_example_runs(example, folder):
    command = [sys.executable, EXAMPLES / example, *ARGUMENTS[example]]
    environment = {**os.environ, "MPLBACKEND": "agg"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in SHOWN.get(example, ()))


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("notebooks/*.py")), ids=lambda file: file.stem)
def test_a_notebook_is_its_script(script):
    jupytext = pytest.importorskip("jupytext")
    cells = [
        [(cell.cell_type, cell.source) for cell in jupytext.read(f).cells]
        for f in (script, script.with_suffix(".ipynb"))
    ]
    assert cells[0] == cells[1], "run `make notebooks`"

"""Every example runs as a user would run it; benchmarks do so with the slow tests."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
ARGUMENTS = {
    "credit.py": [],
    "train_albumentations.py": ["--gan-steps", "3", "--epochs", "1", "--p", "0.5", "--data", "small.npz"],
    "train_torchvision.py": ["--gan-steps", "3", "--epochs", "1", "--refresh", "1", "--share", "0.5"],
    "benchmarks/alarms.py": ["--few", "2", "--max-steps", "20", "--data", "small.csv"],
    "benchmarks/cli.py": ["--runs", "1"],
    "benchmarks/digits.py": ["--max-steps", "3"],
    "benchmarks/evaluation.py": ["--coverage", "2"],
    "benchmarks/image_fidelity.py": ["--seconds", "0.1", "--judge-steps", "3"],
    "benchmarks/images.py": ["--max-steps", "3", "--steps", "3"],
    "benchmarks/loaders.py": ["--items", "256", "--rounds", "1", "--workers", "0", "--pool-samples", "100"],
    "benchmarks/reading.py": ["--megabytes", "5"],
    "benchmarks/scale.py": ["--rows", "2000", "--samples", "1000"],
    "benchmarks/stream.py": ["--rows", "3000", "--max-steps", "3"],
    "benchmarks/synthesis.py": ["--data", "small.csv", "--qualities", "draft"],
    "benchmarks/tabular.py": ["--data", "small.csv"],
    "benchmarks/throughput.py": ["--sizes", "8,8x3", "--steps", "2", "--turns", "1"],
    "benchmarks/writing.py": ["--images", "200", "--rows", "2000", "--rounds", "1"],
    "benchmarks/transfer.py": ["--source-steps", "2", "--steps", "1", "2", "--picture", "picture.png"],
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
}


def test_no_example_is_left_out():
    assert {str(file.relative_to(EXAMPLES)) for file in EXAMPLES.rglob("*.py")} == ARGUMENTS.keys()


@pytest.mark.parametrize(
    "example",
    [pytest.param(name, marks=pytest.mark.slow if name.startswith("benchmarks/") else ()) for name in ARGUMENTS],
)
def test_example_runs(example, tmp_path):
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"a": rng.normal(size=80), "b": rng.choice(["x", "y", None], 80), "c": rng.integers(0, 5, 80)})
    rows.assign(kind=np.where(np.arange(80) < 15, "rare", "usual")).to_csv(tmp_path / "small.csv", index=False)
    images, labels = rng.integers(0, 256, (60, 8, 8), dtype=np.uint8), np.repeat([0, 1], [48, 12])
    np.savez(tmp_path / "small.npz", images=images, labels=labels, split=(np.arange(60) % 3 == 0).astype(int))
    command = [sys.executable, EXAMPLES / example, *ARGUMENTS[example]]
    pytest.importorskip("torchvision")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in SHOWN.get(example, ()))

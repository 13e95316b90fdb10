"""How real the GAN's series look, beside a conditional WGAN-GP of the same networks and the same seconds.

    python fidelity.py --data FOLDER [--sets ecg5000] [--seconds 40]

Numbers are means over classes with 30 training series or more, against held-out series; in brackets what real training
series get in their place.
"""

import argparse
from pathlib import Path

import ganaug
import numpy as np
import torch

_MOST = 200  # series of a class, training and held out each
_METRICS = ("C2ST AUC", "autocorrelation", "power spectrum", "coverage")


def part(path: Path, which: int):
    held = np.load(path)
    X, y, split = held["X"].astype(np.float64), held["y"], held["split"]
    train = np.bincount(y[split == 0])
    rows = [np.flatnonzero((y == k) & (split == which))[:_MOST] for k in np.flatnonzero(train >= 30)]
    rows = np.concatenate(rows)
    return X[rows], y[rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=["ecg5000"])
    parser.add_argument("--seconds", type=float, default=40)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for name in given.sets:
        X, y = part(given.data / f"{name}.npz", 0)
        X_test, y_test = part(given.data / f"{name}.npz", 1)
        for objective in ("relativistic", "wgan-gp"):
            budget = {"max_steps": 100_000, "max_seconds": given.seconds}
            gan = ganaug.train(X, y, kind="series", objective=objective, random_state=0, **budget)
            found = ganaug.evaluate(gan, X_test, y_test, X, y, questions=["fidelity"], random_state=0)
            frame = found.to_frame()
            frame = frame[(frame["subject"] != "all classes") & frame["metric"].isin(_METRICS)]
            means = frame.groupby("metric")[["value", "real"]].mean().round(3)
            said = ", ".join(f"{metric} {row['value']} ({row['real']})" for metric, row in means.iterrows())
            print(f"{name}, {objective}, {gan.step:,} steps: {said}", flush=True)


if __name__ == "__main__":
    main()

"""Rare classes of series: ganaug beside what one would do without it.

    python bench.py --data FOLDER [--sets ecg5000 wafer] [--arms ros warps ganaug] [--seeds 0 1] [--out results.csv]
    python bench.py --summary results.csv

FOLDER holds ``.npz`` files with ``X (n, channels, timepoints)``, ``y`` and ``split`` (0 train, 1 test). Each seed draws
another training set: a part of the train part, its largest classes cut to a hundred or two. Two judges, neither of
which chooses anything for ganaug on the data that they are scored on: MiniRocket features with ridge regression, and a
small residual network.
"""

import argparse
import csv
import time
import warnings
from pathlib import Path

import ganaug
import numpy as np
import pandas as pd
import torch
from ganaug.core.classes import find_rare
from ganaug.evaluation.utility.arms import balanced
from imblearn.over_sampling import SMOTE, RandomOverSampler
from sklearn.covariance import ledoit_wolf
from sklearn.metrics import f1_score, recall_score
from sklearn.neighbors import NearestNeighbors
from torch import nn
from torch.nn import functional as F

from ganaug_series.alignment import resample
from ganaug_series.rocket import RocketClassifier
from ganaug_series.sources import _curves

_HEAD, _SHARE = 120, 0.7  # most training series of a class; share of the rest of the train part
_THINNED = {"wafer": (120, 8)}  # too easy as it is: series of each class
_MAX_TEST = 500


def split(path: Path, seed: int):
    held = np.load(path)
    X, y, part = held["X"].astype(np.float64), held["y"], held["split"]
    rng = np.random.default_rng(seed)
    train, test = np.flatnonzero(part == 0), np.flatnonzero(part == 1)
    rows = []
    for place, label in enumerate(np.unique(y[train])):
        own = rng.permutation(train[y[train] == label])
        most = _THINNED.get(path.stem, (_HEAD,) * 99)[place]
        rows.append(own[: min(most, max(2, round(_SHARE * len(own))))])
    rows, test = np.concatenate(rows), rng.permutation(test)[:_MAX_TEST]
    return X[rows], y[rows], X[test], y[test]


def flat(X):
    return X.reshape(len(X), -1)


def ros(X, y, seed):
    sampled, labels = RandomOverSampler(random_state=seed).fit_resample(flat(X), y)
    return sampled.reshape(-1, *X.shape[1:]), labels


def smote(X, y, seed):
    fewest = np.unique(y, return_counts=True)[1].min()
    sampled, labels = SMOTE(k_neighbors=max(1, min(5, fewest - 1)), random_state=seed).fit_resample(flat(X), y)
    return sampled.reshape(-1, *X.shape[1:]), labels


def warps(X, y, seed):
    """Repeat, then warp each repeated series in size and in one window (Iwana & Uchida's defaults)."""
    rng = np.random.default_rng(seed)
    sampled, labels = ros(X, y, seed)
    own = sampled[len(X) :]
    n, _, t = own.shape
    own = own * (1 + 0.2 * _curves(n, t, rng))[:, None]
    width = max(2, int(0.1 * t))
    starts = rng.integers(1, t - width, size=n)
    pace = np.ones((n, t))
    for row, start, scale in zip(pace, starts, rng.choice([0.5, 2.0], n), strict=True):
        row[start : start + width] = scale
    return np.concatenate([X, resample(own, np.cumsum(pace, axis=1), t)]), labels


def ohit(X, y, seed):
    """Draw from normal distributions of clusters of a class, after OHIT (Zhu, Luo & Zhang 2020), written small."""
    rng = np.random.default_rng(seed)
    labels, counts = np.unique(y, return_counts=True)
    X_parts, y_parts = [X], [y]
    for label, count in zip(labels, counts, strict=True):
        own, missing = flat(X)[y == label], counts.max() - count
        if not missing:
            continue
        cluster = _clusters(own)
        sizes = np.bincount(cluster)
        made = []
        for k, n in enumerate(rng.multinomial(missing, sizes / sizes.sum())):
            some = own[cluster == k]
            covariance = ledoit_wolf(some)[0] if len(some) > 1 else 1e-4 * np.eye(own.shape[1])
            made.append(rng.multivariate_normal(some.mean(0), covariance, n, method="eigh"))
        X_parts.append(np.concatenate(made).reshape(-1, *X.shape[1:]))
        y_parts.append(np.full(missing, label))
    return np.concatenate(X_parts), np.concatenate(y_parts)


def _clusters(own):
    """Join series that share most of their nearest neighbours."""
    k = max(2, min(len(own) - 1, int(np.ceil(len(own) ** 0.5 * 1.25))))
    if len(own) <= k + 1:
        return np.zeros(len(own), int)
    near = NearestNeighbors(n_neighbors=k).fit(own).kneighbors(return_distance=False)
    sets = [set(row) | {i} for i, row in enumerate(near)]
    parent = list(range(len(own)))

    def root(i):
        while parent[i] != i:
            i = parent[i]
        return i

    for i, row in enumerate(near):
        for j in row:
            if len(sets[i] & sets[j]) > k / 2:
                parent[root(i)] = root(j)
    return np.unique([root(i) for i in range(len(own))], return_inverse=True)[1]


def ours(sources):
    def resampled(X, y, seed):
        sampler = ganaug.GANOverSampler(kind="series", sources=sources, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = sampler.fit_resample(X, y)
        if sampler.judgement_ is not None:
            print(f"    {sampler.judgement_}", flush=True)
        return found

    return resampled


def as_they_are(X, y, seed):
    return X, y


ARMS = {"none": as_they_are, "weights": as_they_are, "ros": ros, "smote": smote, "ohit": ohit, "warps": warps}


def arm_named(name):
    if name == "ganaug":
        return ours("auto")
    if name.startswith("ganaug:"):
        mixed = [part.split("=") for part in name.removeprefix("ganaug:").split("+")]
        return ours({part[0]: float(part[1]) if len(part) > 1 else 1 / len(mixed) for part in mixed})
    return ARMS[name]


def rocket(X, y, weights, X_test, seed):
    model = RocketClassifier(X.shape[1:], 1_000, seed).fit(flat(X), y, weights)
    return model.predict(flat(X_test))


class Residual(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(inputs, outputs, 7, padding=3), nn.BatchNorm1d(outputs), nn.ReLU(),
            nn.Conv1d(outputs, outputs, 3, padding=1), nn.BatchNorm1d(outputs),
        )  # fmt: skip
        self.skip = nn.Conv1d(inputs, outputs, 1)

    def forward(self, x):
        return F.relu(self.layers(x) + self.skip(x))


def resnet(X, y, weights, X_test, seed):
    mean, std = X.mean((0, 2), keepdims=True), X.std((0, 2), keepdims=True) + 1e-9
    x, x_test = (torch.tensor((part - mean) / std, dtype=torch.float32) for part in (X, X_test))
    labels, c = np.unique(y, return_inverse=True)
    c, w = torch.tensor(c), torch.tensor(weights, dtype=torch.float32)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = nn.Sequential(
            Residual(x.shape[1], 12), nn.AvgPool1d(2), Residual(12, 24), nn.AvgPool1d(2), Residual(24, 24),
            nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(24, len(labels)),
        )  # fmt: skip
        optimizer = torch.optim.AdamW(model.parameters(), 5e-3, weight_decay=1e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=200)
        for _ in range(200):
            rows = torch.randint(len(x), (48,))
            loss = (F.cross_entropy(model(x[rows]), c[rows], reduction="none") * w[rows]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    model.eval()
    with torch.no_grad():
        return labels[torch.cat([model(part) for part in x_test.split(200)]).argmax(1).numpy()]


JUDGES = {"rocket": rocket, "resnet": resnet}


def summarise(path):
    """Print means and mean ranks, and what ganaug gains over ROS + warps, with its standard error over seeds."""
    columns = ["set", "seed", "arm", "judge", "macro-F1", "rare recall", "seconds"]
    frame = pd.read_csv(path, names=columns).drop_duplicates(columns[:4], keep="last")
    for metric in columns[4:6]:
        table = frame.pivot_table(index=["set", "judge", "seed"], columns="arm", values=metric).dropna()
        print(f"\n{metric}, {len(table)} comparisons; mean rank:")
        print(table.rank(axis=1, ascending=False).mean().sort_values().round(2).to_string())
        means = table.groupby(["set", "judge"]).mean().round(3)
        if {"ganaug", "warps"} <= set(table):
            gain = (table["ganaug"] - table["warps"]).groupby(["set", "judge"])
            means["ganaug - warps"], means["±"] = gain.mean().round(3), gain.sem().round(3)
        print(means.to_string())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--summary", type=Path)
    parser.add_argument("--sets", nargs="+", default=["ecg5000", "wafer", "racket_sports"])
    parser.add_argument("--arms", nargs="+", default=[*ARMS, "ganaug"])
    parser.add_argument("--judges", nargs="+", default=list(JUDGES))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.summary:
        return summarise(given.summary)
    if not given.data:
        parser.error("--data FOLDER, or --summary FILE")
    torch.set_num_threads(1)
    for name in given.sets:
        for seed in given.seeds:
            X, y, X_test, y_test = split(given.data / f"{name}.npz", seed)
            labels, counts = np.unique(y, return_counts=True)
            rare = labels[find_rare(counts)]
            for arm in given.arms:
                start = time.process_time()
                X_new, y_new = arm_named(arm)(X, y, seed)
                seconds = time.process_time() - start
                weights = balanced(np.searchsorted(labels, y_new)) if arm == "weights" else np.ones(len(y_new))
                for judge in given.judges:
                    said = JUDGES[judge](X_new, y_new, weights, X_test, seed)
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        f1 = f1_score(y_test, said, average="macro")
                        recall = recall_score(y_test, said, labels=rare, average="macro")
                    row = [name, seed, arm, judge, round(f1, 4), round(recall, 4), round(seconds, 2)]
                    print(*row, flush=True)
                    if given.out:
                        with given.out.open("a", newline="") as handle:
                            csv.writer(handle).writerow(row)


if __name__ == "__main__":
    main()

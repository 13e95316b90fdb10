"""Rare classes of short texts: ganaug beside what one would do without it.

    python bench.py --data FOLDER [--sets trec6 sms_spam] [--arms none weights aeda ganaug] [--out r.csv]
    python bench.py --summary r.csv

FOLDER holds ``.csv`` files with ``text``, ``label`` and ``split`` (train, test). Each seed draws 40 % of train.
The judge is TF-IDF of words and pairs with logistic regression (C = 10); it chooses nothing for ganaug.
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
from imblearn.over_sampling import RandomOverSampler
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

_SHARE = 0.4
_THINNED = {"sms_spam": {"spam": 40}}
_SIGNS = (".", ";", "?", ":", "!", ",")
_MOVES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25)  # exponents of the classes' frequencies that scores are divided by


def split(path, seed):
    frame = pd.read_csv(path, keep_default_na=False)
    train, test = frame[frame["split"] == "train"], frame[frame["split"] == "test"]
    rng = np.random.default_rng(seed)
    rows = []
    for label, own in train.groupby("label"):
        n = min(max(3, round(_SHARE * len(own))), len(own), _THINNED.get(path.stem, {}).get(label, len(own)))
        rows.append(own.iloc[rng.permutation(len(own))[:n]])
    drawn = pd.concat(rows)
    known = test[test["label"].isin(drawn["label"])]
    return drawn["text"].tolist(), drawn["label"].to_numpy(), known["text"].tolist(), known["label"].to_numpy()


def ros(X, y, seed):
    rows = np.arange(len(X))[:, None]
    rows, labels = RandomOverSampler(random_state=seed).fit_resample(rows, y)
    return [X[i] for i in rows[:, 0]], labels


def aeda(X, y, seed):
    """Add four copies of each text of a rare class with signs put in (Karimi et al. 2021)."""
    rng = np.random.default_rng(seed)
    labels, counts = np.unique(y, return_counts=True)
    rare = set(labels[find_rare(counts)])
    texts, targets = list(X), list(y)
    for text, label in zip(X, y, strict=True):
        for _ in range(4 * (label in rare)):
            words = text.split()
            for _ in range(rng.integers(1, max(2, len(words) // 3 + 1))):
                words.insert(rng.integers(len(words) + 1), _SIGNS[rng.integers(len(_SIGNS))])
            texts.append(" ".join(words))
            targets.append(label)
    return texts, np.array(targets)


def ours(sources):
    def resampled(X, y, seed):
        sampler = ganaug.GANOverSampler(kind="text", sources=sources, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = sampler.fit_resample(X, y)
        if sampler.judgement_ is not None:
            print(f"    {sampler.judgement_} [{sampler.judgement_.seconds:.0f} s]", flush=True)
        return found

    return resampled


def as_they_are(X, y, seed):
    return X, y


ARMS = {name: as_they_are for name in ("none", "weights", "thresholds", "weights + thresholds")}
ARMS |= {"ros": ros, "aeda": aeda}


def arm_named(name):
    if name == "ganaug":
        return ours("auto")
    if name.startswith("ganaug:"):
        parts = name.removeprefix("ganaug:").split("+")
        return ours({part: 1 / len(parts) for part in parts})
    return ARMS[name]


def model(weighted):
    weights = "balanced" if weighted else None
    tfidf = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b|[^\w\s]")
    return make_pipeline(tfidf, LogisticRegression(C=10, max_iter=300, class_weight=weights))


def judged(X, y, X_test, weighted, tuned):
    fitted = model(weighted).fit(X, y)
    scores = fitted.predict_log_proba(X_test)
    if tuned:
        labels, c, counts = np.unique(y, return_inverse=True, return_counts=True)
        folds = StratifiedKFold(3, shuffle=True, random_state=0)
        found = cross_val_predict(model(weighted), X, y, cv=folds, method="predict_log_proba")
        moved = [f1_score(c, (found - move * np.log(counts)).argmax(1), average="macro") for move in _MOVES]
        scores = scores - _MOVES[int(np.argmax(moved))] * np.log(counts)
    return fitted.classes_[scores.argmax(1)]


def summarise(path):
    columns = ["set", "seed", "arm", "macro-F1", "rare F1", "seconds"]
    frame = pd.read_csv(path, names=columns).drop_duplicates(columns[:3], keep="last")
    for metric in columns[3:5]:
        table = frame.pivot_table(index=["set", "seed"], columns="arm", values=metric).dropna()
        print(f"\n{metric}, {len(table)} comparisons; mean, then gain of ganaug with its standard error over seeds:")
        print(table.groupby("set").mean().round(3).T.to_string())
        if "ganaug" in table:
            gain = table.rsub(table["ganaug"], axis=0).drop(columns="ganaug")
            mean, error = gain.groupby("set").mean(), gain.groupby("set").sem()
            print((mean.round(3).astype(str) + " ± " + error.round(3).astype(str)).T.to_string())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--summary", type=Path)
    parser.add_argument("--sets", nargs="+", default=["trec6", "sms_spam", "trec50"])
    parser.add_argument("--arms", nargs="+", default=[*ARMS, "ganaug"])
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
            X, y, X_test, y_test = split(given.data / f"{name}.csv", seed)
            labels, counts = np.unique(y, return_counts=True)
            rare = np.intersect1d(labels[find_rare(counts)], y_test)
            present = np.unique(y_test)
            for arm in given.arms:
                start = time.process_time()
                X_new, y_new = arm_named(arm)(X, y, seed)
                seconds = time.process_time() - start
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    said = judged(X_new, y_new, X_test, "weights" in arm, "thresholds" in arm)
                    f1 = f1_score(y_test, said, labels=present, average="macro")
                    rare_f1 = f1_score(y_test, said, labels=rare, average="macro")
                row = [name, seed, arm, round(f1, 4), round(rare_f1, 4), round(seconds, 2)]
                print(*row, flush=True)
                if given.out:
                    with given.out.open("a", newline="") as handle:
                        csv.writer(handle).writerow(row)


if __name__ == "__main__":
    main()

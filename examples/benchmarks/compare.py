"""Ask `ganaug.compare` for advice on tables where the right advice is known.

    python examples/benchmarks/compare.py --seeds 20                    # three planted tables
    python examples/benchmarks/compare.py --seeds 5 --first-seed 15     # a part of them
    python examples/benchmarks/compare.py --data frauds.csv             # a table of yours, its last column the target

*A threshold suffices*: two normal classes of one shape, for which a linear model is right; only its threshold is wrong
for balanced accuracy. *A sampler helps*: one nearest neighbour in 20 dimensions, which calls nothing rare that is not
very near to a rare row: neither a threshold nor weights move it, new rows do.
*Nothing helps*: the normal classes again, judged by average precision, which no threshold changes. *Noise*: labels
without any relation to the rows.

Advice is right if it is one of those that the truth allows. Beside it stands what each remedy truly reaches on 20,000
fresh rows, on average over the seeds. "False" is advice for the GAN where it truly does not beat all simpler remedies.
"""

import argparse
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.neighbors import KNeighborsClassifier

import ganaug
from ganaug.evaluation.comparison.remedies import list_remedies, seeded
from ganaug.evaluation.comparison.splits import Splits

FRESH = 20_000


class Table(NamedTuple):
    """A planted table: how many rows, how far the classes lie apart, who judges, and which advice is right."""

    frequent: int
    rare: int
    dim: int
    apart: float
    classifier: Any
    score: str
    right: tuple[str, ...]


TABLES = {
    "a threshold suffices": Table(950, 50, 4, 0.9, LogisticRegression(), "balanced_accuracy", ("moved threshold",)),
    "a sampler helps": Table(
        1350, 150, 20, 0.5, KNeighborsClassifier(1), "balanced_accuracy", ("SMOTE", "GANOverSampler")
    ),
    "nothing helps": Table(950, 50, 4, 0.9, LogisticRegression(), "average_precision", ("nothing",)),
    "noise": Table(600, 60, 4, 0.0, LogisticRegression(), "balanced_accuracy", ("nothing",)),
}


def draw(table: Table, frequent: int, rare: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw rows of both classes."""
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], [frequent, rare])
    return rng.normal(size=(len(y), table.dim)) + table.apart * y[:, None], y


def truth(table: Table, X: np.ndarray, y: np.ndarray, seed: int) -> dict[str, float]:
    """Return what each remedy reaches on fresh rows when it is fitted to all rows."""
    share = table.rare / (table.frequent + table.rare)
    X_fresh, y_fresh = draw(table, FRESH - int(share * FRESH), int(share * FRESH), 10_000 + seed)
    scorer = get_scorer(table.score)
    remedies, _ = list_remedies(clone(table.classifier), X, scorer, {}, n_classes=2, n_fewest=table.rare)
    inner = Splits(X, y, 5, 1, None, seed).inner(np.arange(len(y)))
    return {
        remedy.name: float(scorer(seeded(remedy.build(inner), seed).fit(X, y), X_fresh, y_fresh)) for remedy in remedies
    }


def planted(seeds: range, repeats: int, names: list[str]) -> pd.DataFrame:
    """Return the advice on every table and seed."""
    rows = []
    for name, table in TABLES.items():
        for seed in seeds if not names or name in names else ():
            X, y = draw(table, table.frequent, table.rare, seed)
            start = time.process_time()
            found = ganaug.compare(
                clone(table.classifier), X, y, scoring=table.score, repeats=repeats, random_state=seed
            )
            seconds = time.process_time() - start
            right = found.remedy in table.right
            reached = {f"true {remedy}": value for remedy, value in truth(table, X, y, seed).items()}
            rows.append(
                {"table": name, "seed": seed, "remedy": found.remedy, "right": right, "seconds": seconds} | reached
            )
            print(f"{name}, seed {seed}: {'' if right else 'WRONG: '}{found.answer} [{seconds:.0f} CPU-s]", flush=True)
            print(found.table[["score", "gain", "gain low", "gain high"]].round(3).to_string(), flush=True)
    return pd.DataFrame(rows)


def summarize(rows: pd.DataFrame) -> str:
    """Return how often advice was right, and what was true."""
    lines = []
    for name, own in rows.groupby("table", sort=False):
        true = own.filter(regex="^true ").mean().dropna()
        gan = (own["remedy"] == "GANOverSampler").sum()
        false = gan if true.get("true GANOverSampler", 0) <= true.drop("true GANOverSampler").max() else 0
        reached = ", ".join(f"{key.removeprefix('true ')} {value:.3f}" for key, value in true.items())
        lines.append(
            f"{name}: right {own['right'].sum()} of {len(own)}; {own['remedy'].value_counts().to_dict()}; false advice "
            f"for the GAN {false}; {own['seconds'].mean():.0f} CPU-seconds each\n  truly: {reached}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--tables", nargs="+", choices=sorted(TABLES), default=[])
    parser.add_argument("--data", type=Path, help="a CSV file, its last column the target")
    parser.add_argument("--out", type=Path, help="append the rows to a CSV file")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.data:
        frame = pd.read_csv(options.data)
        target = frame.pop(frame.columns[-1])
        from ganaug.evaluation.comparison.classifiers import make_classifier

        print(ganaug.compare(make_classifier(frame), frame, target, repeats=options.repeats, random_state=0))
    else:
        seeds = range(options.first_seed, options.first_seed + options.seeds)
        advised = planted(seeds, options.repeats, options.tables)
        if options.out:
            advised.to_csv(options.out, mode="a", header=not options.out.exists(), index=False)
        print(summarize(advised))

"""Judge the same planted cases by measures that others publish, and by `ganaug.evaluate`.

    python examples/benchmarks/peers.py                  # clusters; prints a table
    python examples/benchmarks/peers.py --set "breast cancer"

The measures are those that the sdmetrics documentation defines, computed here by their formulas on the rows of
the rare class, where they can tell most: `quality` (the mean of column shapes and of column pair trends),
`detection` (how badly a logistic regression tells real from synthetic rows), `new rows` (share of synthetic
rows that no real row equals, numbers within 1 %), `overfitting` (share of synthetic rows that are not nearer to
training than to held-out rows, twice, at most 1). All are 1 at best. They come without a limit, an interval, or
a check that the held-out rows are unseen.
"""

import argparse
import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd
from evaluation import TABLES, Case, Parts, data_sets, verdicts
from scipy.stats import ks_2samp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

CASES = [
    "real", "leak", "split leak", "few copied", "40 % copies", "shuffled column", "redrawn column",
    "majority called rare", "half majority", "30 % wrong labels", "5 held", "new level",
]  # fmt: skip


def numbers(X: np.ndarray | pd.DataFrame) -> np.ndarray:
    """Return the numeric columns."""
    return X.select_dtypes("number").to_numpy() if isinstance(X, pd.DataFrame) else X


def shapes(real: np.ndarray | pd.DataFrame, made: np.ndarray | pd.DataFrame) -> float:
    """Return the mean over columns of 1 - Kolmogorov-Smirnov, and of 1 - total variation for categories."""
    a, b = numbers(real), numbers(made)
    found = [1 - ks_2samp(x, y, method="asymp").statistic for x, y in zip(a.T, b.T, strict=True)]
    for name in real.select_dtypes(exclude="number") if isinstance(real, pd.DataFrame) else ():
        shares = [frame[name].value_counts(normalize=True) for frame in (real, made)]
        found.append(1 - shares[0].sub(shares[1], fill_value=0).abs().sum() / 2)
    return float(np.mean(found))


def trends(real: np.ndarray | pd.DataFrame, made: np.ndarray | pd.DataFrame) -> float:
    """Return the mean over pairs of columns of 1 - half the difference of correlations; shares of pairs of levels."""
    a, b = (np.corrcoef(numbers(X), rowvar=False) for X in (real, made))
    found = (1 - np.abs(a - b) / 2)[np.triu_indices(len(a), 1)].tolist()
    levels = list(real.select_dtypes(exclude="number")) if isinstance(real, pd.DataFrame) else []
    if len(levels) > 1:
        joint = [frame.value_counts(levels, normalize=True) for frame in (real, made)]
        found.append(1 - joint[0].sub(joint[1], fill_value=0).abs().sum() / 2)
    return float(np.nanmean(found))


def detection(real: np.ndarray, made: np.ndarray) -> float:
    """Return 1 - (2 AUC - 1) of a logistic regression that tells the two apart, cross-validated."""
    is_made = np.repeat([0, 1], [len(real), len(made)])
    model = make_pipeline(StandardScaler(), LogisticRegression())
    p = cross_val_predict(
        model, np.concatenate([real, made]), is_made, cv=StratifiedKFold(3, shuffle=True, random_state=0),
        method="predict_proba",
    )  # fmt: skip
    return float(2 - 2 * max(0.5, roc_auc_score(is_made, p[:, 1])))


def new_rows(real: np.ndarray, made: np.ndarray) -> float:
    """Return the share of synthetic rows that no real row equals, each number within 1 %."""
    near = [(np.abs(real - row) <= 0.01 * np.abs(row)).all(1).any() for row in made]
    return 1 - float(np.mean(near))


def overfitting(learnt: np.ndarray, held: np.ndarray, made: np.ndarray) -> float:
    """Return the share of synthetic rows that are not nearer to training than to as many held-out rows, twice."""
    n = min(len(learnt), len(held))
    scale = learnt.std(0) + 1e-12
    to_learnt, to_held = (
        NearestNeighbors(n_neighbors=1).fit(part[:n] / scale).kneighbors(made / scale)[0] for part in (learnt, held)
    )
    return min(1.0, 2 * (1 - float((to_learnt < to_held).mean())))


def judged(case: Case, parts: Parts, seed: int) -> Iterator[tuple[str, str]]:
    """Yield the measures of others, and the verdicts of `ganaug.evaluate`, as text."""
    p = case.change(parts, np.random.default_rng(seed))
    learnt, held, made = (X[y == 1] for X, y in ((p.X, p.y), (p.X_test, p.y_test), (p.X_made, p.y_made)))
    yield "quality", f"{(shapes(learnt, made) + trends(learnt, made)) / 2:.2f}"
    learnt_n, held_n, made_n = map(numbers, (learnt, held, made))
    yield "detection", f"{detection(learnt_n, made_n):.2f}"
    yield "new rows", f"{new_rows(learnt_n, made_n):.2f}"
    yield "overfitting", f"{overfitting(learnt_n, held_n, made_n):.2f}"
    found = list(verdicts(case, parts, seed))
    yield "ganaug.evaluate", "; ".join(f"{row['question']}: {row['grade']}" for row in found)
    yield "right", "yes" if all(row["right"] for row in found) else "NO"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default="clusters", choices=["clusters", "breast cancer"])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    given = next(parts for name, _, parts in data_sets(None, options.seed) if name == options.set)
    rows = [{"planted": name, **dict(judged(TABLES[name], given, options.seed))} for name in CASES]
    columns = list(rows[0])
    print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(row.values()) + " |", flush=True)

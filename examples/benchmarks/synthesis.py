"""Measure how real the rows are that `ganaug.train` makes, and what they cost.

    python examples/benchmarks/synthesis.py                       # bundled and generated tables
    python examples/benchmarks/synthesis.py --data frauds.csv     # any CSV; the target is its last column
    python examples/benchmarks/synthesis.py --qualities draft     # some qualities only

Half of each class is trained on, the other half judges, beside the training half itself ("real"). C2ST: 5-fold ROC AUC
of boosted trees that tell synthetic from unseen real rows, 0.5 is ideal. KS and TV: mean distance of single columns.
corr: mean error of correlations. AP and AUC: trees trained on the synthetic rows alone call the rarest class.
"""

import argparse
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp
from sklearn.datasets import load_breast_cancer, load_wine, make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split
from sklearn.preprocessing import OrdinalEncoder

import ganaug

Table = tuple[pd.DataFrame, pd.Series]


def tables() -> Iterator[tuple[str, pd.DataFrame, pd.Series]]:
    """Yield what needs no network."""
    yield "breast cancer", *load_breast_cancer(return_X_y=True, as_frame=True)
    yield "wine", *load_wine(return_X_y=True, as_frame=True)
    X, y = make_classification(5000, 20, n_informative=8, weights=[0.95], random_state=0)
    yield "generated 5000 × 20", pd.DataFrame(X, columns=[f"x{i}" for i in range(20)]), pd.Series(y, name="target")


def synthesize(X: pd.DataFrame, y: pd.Series, quality: str) -> Table:
    """Return as many synthetic rows of each class as there are real ones."""
    gan = ganaug.train(X, y, quality=quality, random_state=0)
    labels = np.sort(y.to_numpy())
    return gan.sample(labels=labels, random_state=1), pd.Series(labels)


def judge(synthetic: Table, test: Table) -> dict[str, float]:
    """Compare rows with unseen real ones."""
    (X_new, y_new), (X_test, y_test) = synthetic, test
    numbers = X_test.select_dtypes("number").columns
    others = X_test.columns.difference(numbers)
    levels = OrdinalEncoder().fit(pd.concat([X_new, X_test])[others].astype(str))

    def features(X: pd.DataFrame) -> np.ndarray:
        return np.column_stack([X[numbers].to_numpy(float), levels.transform(X[others].astype(str))])

    def trees() -> HistGradientBoostingClassifier:
        return HistGradientBoostingClassifier(max_iter=60, early_stopping=False, random_state=0)

    codes = {label: i for i, label in enumerate(np.unique(y_test))}
    both = np.concatenate([np.column_stack([features(X), pd.Series(y).map(codes)]) for X, y in (synthetic, test)])
    is_new = np.repeat([1, 0], [len(X_new), len(X_test)])
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    told = cross_val_predict(trees(), both, is_new, cv=folds, method="predict_proba")[:, 1]
    rare = y_test.value_counts().idxmin()
    called = trees().fit(features(X_new), y_new == rare).predict_proba(features(X_test))[:, 1]
    shares = [(X_new[c].value_counts(normalize=True), X_test[c].value_counts(normalize=True)) for c in others]
    correlations = (np.nan_to_num(np.corrcoef(X[numbers].fillna(0).T)) for X in (X_new, X_test))
    return {
        "C2ST": roc_auc_score(is_new, told),
        "KS": np.mean([ks_2samp(X_new[c].dropna(), X_test[c].dropna()).statistic for c in numbers]),
        "TV": np.mean([a.subtract(b, fill_value=0).abs().sum() / 2 for a, b in shares]) if shares else np.nan,
        "corr": np.abs(np.subtract(*correlations)).mean(),
        "AP": average_precision_score(y_test == rare, called),
        "AUC": roc_auc_score(y_test == rare, called),
    }


def main() -> None:
    """Print a table for each data set, and the mean."""
    warnings.simplefilter("ignore")  # trees and correlations of constant columns
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="*", help="CSV files; the target is the last column")
    parser.add_argument("--qualities", nargs="*", default=["draft", "standard", "best"])
    options = parser.parse_args()
    given = ((path.stem, pd.read_csv(path)) for path in options.data or [])
    sets = ((name, table.iloc[:, :-1], table.iloc[:, -1]) for name, table in given) if options.data else tables()
    found = []
    for name, X, y in sets:
        X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
        for quality in ["real", *options.qualities]:
            start = time.process_time()
            made = (X_train, y_train) if quality == "real" else synthesize(X_train, y_train, quality)
            seconds = time.process_time() - start
            found.append({"set": name, "rows": quality, **judge(made, (X_test, y_test)), "CPU-s": seconds})
            print(pd.DataFrame(found[-1:]).round(3).to_string(index=False, header=len(found) == 1), flush=True)
    print(pd.DataFrame(found).drop(columns="set").groupby("rows", sort=False).mean().round(3).to_string())


if __name__ == "__main__":
    main()

"""Find out whether GANOverSampler helps a classifier on your table, and more than doing nothing.

    python examples/benchmarks/tabular.py                        # bundled and generated tables
    python examples/benchmarks/tabular.py --data frauds.csv      # any CSV; the target is its last column

Every method sees the same folds of a repeated stratified 5-fold cross-validation. Two baselines need no new samples:
class weights, and a threshold moved from 0.5 to the share of the rare class. Everything is fitted on the training fold
alone. Printed: mean rank of each method over tables and classifiers (1 is best), mean scores, CPU-seconds of
over-sampling. The rarest class is the positive one.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE, RandomOverSampler
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer, load_wine, make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score, recall_score, roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ganaug import GANOverSampler

sys.path.insert(0, str(Path(__file__).parents[1]))
from credit import applications  # noqa: E402

CLASSIFIERS = {
    "logistic regression": lambda weight: LogisticRegression(max_iter=2000, class_weight=weight),
    "5-NN": lambda weight: KNeighborsClassifier(5),
    "gradient boosting": lambda weight: HistGradientBoostingClassifier(
        class_weight=weight, early_stopping=False, random_state=0
    ),
}
METHODS = ["nothing", "class weights", "moved threshold", "random over-sampling", "SMOTE", "GANOverSampler"]
SCORES = ["AP", "AUC", "balanced accuracy", "G-mean", "F1"]


def thinned(X: pd.DataFrame, y: np.ndarray, rare: int, n: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Keep n rows of class `rare` and all others."""
    kept = np.r_[np.flatnonzero(y != rare), np.random.default_rng(0).permutation(np.flatnonzero(y == rare))[:n]]
    return X.iloc[kept].reset_index(drop=True), (y[kept] == rare).astype(int)


def tables() -> Iterator[tuple[str, pd.DataFrame, np.ndarray]]:
    """Yield what needs no network."""
    X, y = applications()
    yield "credit-like", X.drop(columns="opened"), (y == "default").to_numpy().astype(int)
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    yield "breast cancer, 40 malignant", *thinned(X, y.to_numpy(), 0, 40)
    X, y = load_wine(return_X_y=True, as_frame=True)
    yield "wine, 20 of class 2", *thinned(X, y.to_numpy(), 2, 20)
    for seed, (n, dim, share) in enumerate([(800, 8, 0.06), (1500, 20, 0.04), (2000, 12, 0.1)]):
        X, y = make_classification(
            n,
            dim,
            n_informative=dim // 2,
            n_clusters_per_class=3,
            weights=[1 - share],
            class_sep=0.8,
            random_state=seed,
        )
        yield f"generated {n} × {dim}, {share:.0%}", pd.DataFrame(X), y


def scores(y: np.ndarray, p: np.ndarray, threshold: float) -> list[float]:
    """Return the five scores of predicted probabilities."""
    called = p >= threshold
    gmean = np.sqrt(recall_score(y, called, zero_division=0) * recall_score(y, called, pos_label=0, zero_division=0))
    balanced = balanced_accuracy_score(y, called)
    return [average_precision_score(y, p), roc_auc_score(y, p), balanced, gmean, f1_score(y, called, zero_division=0)]


def compare(X: pd.DataFrame, y: np.ndarray, repeats: int) -> Iterator[dict]:
    """Yield a row for every fold, method and classifier."""
    numeric = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    other = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    )
    number = make_column_selector(dtype_include="number")
    rest = make_column_selector(dtype_exclude="number")
    for fold, (train, test) in enumerate(
        RepeatedStratifiedKFold(n_splits=5, n_repeats=repeats, random_state=0).split(X, y)
    ):
        encoder = make_column_transformer((numeric, number), (other, rest)).fit(X.iloc[train])
        real, labels = X.iloc[train], y[train]
        Z, Z_test = encoder.transform(real), encoder.transform(X.iloc[test])
        for method in METHODS:
            start = time.process_time()
            Z_fit, y_fit = Z, labels
            if method == "random over-sampling":
                Z_fit, y_fit = RandomOverSampler(random_state=fold).fit_resample(Z, labels)
            elif method == "SMOTE":
                Z_fit, y_fit = SMOTE(k_neighbors=min(5, sum(labels) - 1), random_state=fold).fit_resample(Z, labels)
            elif method == "GANOverSampler":
                frame, y_fit = GANOverSampler(random_state=fold).fit_resample(real, labels)
                Z_fit = encoder.transform(frame)
            seconds = time.process_time() - start
            for name, make in CLASSIFIERS.items():
                model = make("balanced" if method == "class weights" else None).fit(Z_fit, y_fit)
                threshold = labels.mean() if method == "moved threshold" else 0.5
                found = scores(y[test], model.predict_proba(Z_test)[:, 1], threshold)
                yield {
                    "method": method,
                    "classifier": name,
                    "seconds": seconds,
                    **dict(zip(SCORES, found, strict=True)),
                }


def report(rows: pd.DataFrame) -> str:
    """Return the ranks and means as text."""
    means = rows.groupby(["table", "classifier", "method"])[SCORES].mean()
    ranks = means.groupby(level=[0, 1]).rank(ascending=False).groupby("method").mean()
    ranks["mean rank"] = ranks.mean(axis=1)
    values = means.groupby("method").mean()
    values["CPU-seconds"] = rows.groupby("method")["seconds"].mean()
    order = ranks.sort_values("mean rank").index
    return "\n\n".join(
        [
            f"Mean rank over {rows['table'].nunique()} tables and {len(CLASSIFIERS)} classifiers; 1 is best",
            ranks.loc[order].round(2).to_string(),
            "Mean scores",
            values.loc[order].round(3).to_string(),
        ]
    )


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="*", default=[], help="CSV files with the target in the last column")
    parser.add_argument("--repeats", type=int, default=1)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=FutureWarning)
    rows = []
    for name, X, y in [*read(options.data)] or tables():
        print(f"{name}: {len(y):,} rows, {y.sum():,} of the rare class", flush=True)
        rows += [{"table": name, **row} for row in compare(X, y, options.repeats)]
    print("\n" + report(pd.DataFrame(rows)))


def read(paths: list[str]) -> Iterator[tuple[str, pd.DataFrame, np.ndarray]]:
    """Yield CSV tables; the rarest class becomes 1."""
    for path in paths:
        frame = pd.read_csv(path)
        target = frame.pop(frame.columns[-1])
        yield path, frame, (target == target.value_counts().idxmin()).to_numpy().astype(int)


if __name__ == "__main__":
    main()

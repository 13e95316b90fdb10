"""Train on 1,400 of scikit-learn's digits and judge synthetic ones against the other 397.

    python examples/benchmarks/digits.py --seeds 3

For every digit: share of 1,000 samples that an SVM and a 5-NN fitted on all real digits call by the class asked for;
share of the real digits covered (k = 5; Naeem et al. 2020, arXiv:2002.09797); median distance to the nearest training
image over that of unseen digits (well under 1 would mean copies).
"""

import argparse

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

import ganaug
from ganaug.evaluation.fidelity.prdc import nearest_distances, prdc


def measure(seed: int, max_steps: int | str) -> pd.DataFrame:
    """Return one row per digit for one split and one training."""
    data = load_digits()
    order = np.random.default_rng(seed).permutation(len(data.target))
    train, test = order[:1400], order[1400:]
    gan = ganaug.train(data.images[train], data.target[train], random_state=seed, max_steps=max_steps)
    X, y = data.data, data.target
    svm, neighbours = SVC(gamma=0.001).fit(X, y), KNeighborsClassifier(5).fit(X, y)
    rows = []
    for digit in range(10):
        made = gan.sample(1000, label=digit, random_state=seed).reshape(1000, -1)
        training, unseen = X[train][y[train] == digit], X[test][y[test] == digit]
        rows.append(
            {
                "digit": digit,
                "called so by SVM": (svm.predict(made) == digit).mean(),
                "by 5-NN": (neighbours.predict(made) == digit).mean(),
                "coverage": prdc(X[y == digit], made).coverage,
                "distance ratio": np.median(nearest_distances(made, training))
                / np.median(nearest_distances(unseen, training)),
                "train seconds": gan.history.last["seconds"],
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--max-steps", type=int, help="default: auto")
    options = parser.parse_args()
    found = pd.concat([measure(seed, options.max_steps or "auto") for seed in range(options.seeds)])
    table = found.groupby("digit").mean()
    print(table.round(3).to_string())
    print(f"\nmean over digits:\n{table.mean().round(3).to_string()}")

"""Over-sample the rare kind of a set of series, and ask whether that helped.

    python example.py [FILE.ts | FILE.npz]

Without a file it draws heartbeat-like series of two kinds.
"""

import sys
from pathlib import Path

import ganaug
import numpy as np
from ganaug.data.readers import read
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split

from ganaug_series.rocket import RocketClassifier


def draw(n: int, late: bool, rng: np.random.Generator) -> np.ndarray:
    """Draw peaks, ``(n, 1, 100)``; the second of a late beat comes later, by a little."""
    time = np.arange(100)
    first, gap = rng.normal(25, 3, (n, 1)), rng.normal(38 if late else 33, 2, (n, 1))
    beats = sum(np.exp(-((time - at) ** 2) / 18) for at in (first, first + gap))
    return (beats * rng.normal(1, 0.15, (n, 1)) + rng.normal(0, 0.15, (n, 100)))[:, None]


def main() -> None:
    """Compare two classifiers."""
    if sys.argv[1:]:
        data = read(Path(sys.argv[1]), kind="series")
        X, y = data.X, np.asarray(data.y)
    else:
        rng = np.random.default_rng(0)
        X = np.concatenate([draw(400, False, rng), draw(60, True, rng)])
        y = np.repeat(["regular", "late"], [400, 60])
    X, X_test, y, y_test = train_test_split(X, y, stratify=y, random_state=0)
    sampler = ganaug.GANOverSampler(kind="series", random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    print(sampler.judgement_)
    for name, (samples, labels) in {"as it is": (X, y), "over-sampled": (X_new, y_new)}.items():
        model = RocketClassifier(X.shape[1:]).fit(samples.reshape(len(samples), -1), labels)
        said = model.predict(X_test.reshape(len(X_test), -1))
        print(f"{name}: balanced accuracy {balanced_accuracy_score(y_test, said):.3f}")


if __name__ == "__main__":
    main()

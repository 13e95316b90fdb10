"""Judge samples whose worth is known, and time the evaluation of a GAN.

    python examples/benchmarks/evaluation.py --seeds 10          # planted truth
    python examples/benchmarks/evaluation.py --cost              # digits, and 5,000 rows of 20 columns

Planted truth: rows of a rare class with eight clusters, 80 of them to learn from. The samples to judge are

- helpful: new draws from the class itself;
- useless: new draws of a class that is one cluster, with 500 real rows, for a linear classifier: it knows all it can;
- harmful: rows of the frequent class, called rare;
- memorised: the training rows, moved by a thousandth of a standard deviation.

The verdict that matters has to come out right for each seed. "real", "shuffled" and "noise" check that fidelity calls
new real rows real, and rows with shuffled labels and white noise not.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits, make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import ganaug

DIM, CLUSTERS = 8, 8
Rows = tuple[np.ndarray, np.ndarray]


class World:
    """A frequent class around zero, and a rare one in small clusters among it."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.centres = self.rng.normal(size=(CLUSTERS, DIM)) * 1.3

    def frequent(self, n: int) -> np.ndarray:
        """Draw rows of the frequent class."""
        return self.rng.normal(size=(n, DIM)) * 1.5

    def rare(self, n: int) -> np.ndarray:
        """Draw rows of the rare class."""
        return self.centres[self.rng.integers(CLUSTERS, size=n)] + 0.6 * self.rng.normal(size=(n, DIM))

    def real(self, frequent: int, rare: int) -> Rows:
        """Draw rows of both classes."""
        return np.concatenate([self.frequent(frequent), self.rare(rare)]), np.repeat([0, 1], [frequent, rare])


def helpful(world: World) -> tuple[Rows, Rows]:
    """Return training and synthetic rows."""
    return world.real(1500, 80), (world.rare(1500), np.ones(1500, int))


def useless(world: World) -> tuple[Rows, Rows]:
    """Return training and synthetic rows."""
    world.centres[:] = 0.4
    return world.real(1500, 500), (world.rare(1000), np.ones(1000, int))


def harmful(world: World) -> tuple[Rows, Rows]:
    """Return training and synthetic rows."""
    return world.real(1500, 80), (world.frequent(1500), np.ones(1500, int))


def memorised(world: World) -> tuple[Rows, Rows]:
    """Return training and synthetic rows."""
    X, y = world.real(1500, 80)
    own = X[y == 1][world.rng.integers(80, size=1500)]
    return (X, y), (own + 0.001 * world.rng.normal(size=own.shape), np.ones(1500, int))


def real(world: World) -> tuple[Rows, Rows]:
    """Return training and synthetic rows."""
    return world.real(600, 300), world.real(600, 300)


def shuffled(world: World) -> tuple[Rows, Rows]:
    """Return training and synthetic rows."""
    X, y = world.real(600, 300)
    return world.real(600, 300), (X, world.rng.permutation(y))


def noise(world: World) -> tuple[Rows, Rows]:
    """Return training and synthetic rows."""
    return world.real(600, 300), (world.rng.uniform(-4, 4, (900, DIM)), np.repeat([0, 1], [600, 300]))


CASES: dict[Callable[[World], tuple[Rows, Rows]], tuple[str, tuple[str, ...]]] = {
    helpful: ("utility", ("good",)),
    useless: ("utility", ("fair",)),
    harmful: ("utility", ("bad",)),
    memorised: ("privacy", ("bad",)),
    real: ("fidelity", ("good",)),
    shuffled: ("fidelity", ("bad",)),
    noise: ("fidelity", ("bad",)),
}


def judged(
    case: Callable[[World], tuple[Rows, Rows]], seed: int, questions: tuple[str, ...], **options: int
) -> ganaug.Evaluation:
    """Evaluate the samples of a case."""
    world = World(seed)
    (X, y), made = case(world)
    X_test, y_test = world.real(1500, 300)
    classifier = LogisticRegression() if case is useless else None
    options |= {"random_state": seed}
    return ganaug.evaluate(made, X_test, y_test, X, y, questions=questions, classifier=classifier, **options)


def planted(seeds: int, cases: list[str]) -> pd.DataFrame:
    """Return the verdicts of every case and seed."""
    rows = []
    for case, (question, expected) in CASES.items():
        if case.__name__ not in cases:
            continue
        for seed in range(seeds):
            verdict = judged(case, seed, (question,))[question].verdict
            rows.append({"case": case.__name__, "seed": seed, "right": verdict.grade in expected, "said": str(verdict)})
    return pd.DataFrame(rows)


def cost(max_steps: int | str) -> None:
    """Print the verdicts on two GANs, and how long they took."""
    digits = load_digits()
    X, y = make_classification(5000, 20, n_informative=8, n_clusters_per_class=3, weights=[0.95], random_state=0)
    for name, data, target in (("digits", digits.images, digits.target), ("5,000 × 20 rows", X, y)):
        X_train, X_test, y_train, y_test = train_test_split(
            data, target, test_size=0.3, stratify=target, random_state=0
        )
        gan = ganaug.train(X_train, y_train, random_state=0, max_steps=max_steps)
        start, cpu = time.perf_counter(), time.process_time()
        found = ganaug.evaluate(gan, X_test, y_test, X_train, y_train, random_state=0)
        print(f"{name}: {time.perf_counter() - start:.0f} s, {time.process_time() - cpu:.0f} CPU-seconds")
        for question, verdict in found.verdicts.items():
            print(f"  {question}: {verdict}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    names = [case.__name__ for case in CASES]
    parser.add_argument("--cases", nargs="+", choices=names, default=names)
    parser.add_argument("--cost", action="store_true", help="evaluate two GANs instead")
    parser.add_argument("--max-steps", type=int, help="of the GANs; default: auto")
    options = parser.parse_args()
    if options.cost:
        cost(options.max_steps or "auto")
    else:
        found = planted(options.seeds, options.cases)
        print(found.groupby("case", sort=False)["right"].agg(["sum", "count"]).to_string())
        for row in found.itertuples():
            print(f"{row.case} {row.seed} {'right' if row.right else 'WRONG'}: {row.said}")

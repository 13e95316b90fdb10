"""Judge samples whose worth is known, simulate how often intervals hold, and time an evaluation.

    python examples/benchmarks/evaluation.py --seeds 10                     # planted truth on scikit-learn's data
    python examples/benchmarks/evaluation.py --seeds 3 --data sets/         # and on .csv (column target) and .npz there
    python examples/benchmarks/evaluation.py --coverage 600                 # replicates, of 5, 10, 20 and 60 held out
    python examples/benchmarks/evaluation.py --cost                         # digits, 5,000 rows of 20, 2,000 images

Every case plants something in real data of two classes, rare and frequent: samples to learn from, held-out ones, and
"synthetic" ones that are made of a third part of the real data, so that their worth is known. A verdict is right if it
is one of those that the truth allows; "cannot be judged" is allowed wherever the data are few.
"""

import argparse
import io
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.ndimage import rotate
from sklearn.datasets import load_breast_cancer, load_digits, make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import ganaug
from ganaug.core.errors import LeakageError

UNJUDGED = "cannot be judged"
DIM, CLUSTERS = 8, 8


@dataclass(frozen=True)
class Parts:
    """Three parts of real data, X and y each: to learn from, held out, and what synthetic samples are made of."""

    X: Any
    y: np.ndarray
    X_test: Any
    y_test: np.ndarray
    X_made: Any
    y_made: np.ndarray


class World:
    """A frequent class around zero, and a rare one in small clusters among it."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.centres = self.rng.normal(size=(CLUSTERS, DIM)) * 1.3
        self.mixing = np.linalg.qr(self.rng.normal(size=(DIM, DIM)))[0] * np.linspace(0.4, 1.6, DIM)

    def frequent(self, n: int) -> np.ndarray:
        """Draw rows of the frequent class."""
        return self.rng.normal(size=(n, DIM)) @ self.mixing * 1.4

    def rare(self, n: int) -> np.ndarray:
        """Draw rows of the rare class."""
        noise = self.rng.normal(size=(n, DIM)) @ self.mixing
        return self.centres[self.rng.integers(CLUSTERS, size=n)] + 0.6 * noise

    def real(self, frequent: int, rare: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw rows of both classes."""
        return np.concatenate([self.frequent(frequent), self.rare(rare)]), np.repeat([0, 1], [frequent, rare])


def clusters(seed: int, learnt: int = 80, held: int = 100, made: int = 300) -> Parts:
    """Draw three parts, with so many rare rows in each."""
    world = World(seed)
    return Parts(*world.real(600, learnt), *world.real(600, held), *world.real(300, made))


def thirds(X: Any, y: np.ndarray, seed: int) -> Parts:
    """Split real data of any container in three; the smallest class of two is 1."""
    rng = np.random.default_rng(seed)
    part = np.empty(len(y), int)
    for k in np.unique(y):
        own = rng.permutation(np.flatnonzero(y == k))
        part[own] = np.arange(len(own)) % 3
    take = (lambda rows: X.iloc[rows].reset_index(drop=True)) if hasattr(X, "iloc") else (lambda rows: X[rows])
    own = [np.flatnonzero(part == i) for i in range(3)]
    return Parts(*(value for rows in own for value in (take(rows), y[rows])))


def noisy(X: Any, share: float, rng: np.random.Generator) -> Any:
    """Move numbers by a share of their standard deviation."""
    if hasattr(X, "iloc"):
        moved = X.copy()
        for name in X.columns[[pd.api.types.is_float_dtype(X[c]) for c in X.columns]]:
            moved[name] = X[name] + share * X[name].std() * rng.normal(size=len(X))
        return moved
    return X + share * X.std(0) * rng.normal(size=X.shape)


def pick(X: Any, rows: np.ndarray) -> Any:
    """Return some rows."""
    return X.iloc[rows].reset_index(drop=True) if hasattr(X, "iloc") else X[rows]


def joined(*parts: Any) -> Any:
    """Put rows together."""
    return pd.concat(parts, ignore_index=True) if hasattr(parts[0], "iloc") else np.concatenate(parts)


def as_is(p: Parts, rng: np.random.Generator) -> Parts:
    """Leave real samples for synthetic ones."""
    return p


def leak(p: Parts, rng: np.random.Generator) -> Parts:
    """Give held-out rows, moved by nothing worth mentioning, for synthetic ones."""
    return replace(p, X_made=noisy(p.X_test, 1e-6, rng), y_made=p.y_test)


def split_leak(p: Parts, rng: np.random.Generator) -> Parts:
    """Hold out near copies of 40 % of the training rows."""
    rows = rng.permutation(len(p.y))[: int(0.4 * len(p.y_test))]
    rest = rng.permutation(len(p.y_test))[: len(p.y_test) - len(rows)]
    X_test = joined(noisy(pick(p.X, rows), 1e-3, rng), pick(p.X_test, rest))
    return replace(p, X_test=X_test, y_test=np.r_[p.y[rows], p.y_test[rest]])


def few_copied(p: Parts, rng: np.random.Generator) -> Parts:
    """Copy 5 of 25 rare training rows 40 times, with 1 % noise."""
    rare = rng.permutation(np.flatnonzero(p.y == 1))
    kept = np.r_[np.flatnonzero(p.y == 0), rare[:25]]
    made = noisy(pick(p.X, rare[:5].repeat(40)), 0.01, rng)
    return replace(p, X=pick(p.X, kept), y=p.y[kept], X_made=made, y_made=np.ones(200, int))


def copies(p: Parts, rng: np.random.Generator) -> Parts:
    """Make 40 % of the synthetic rare rows near copies."""
    rare, fresh = np.flatnonzero(p.y == 1), np.flatnonzero(p.y_made == 1)
    n = int(len(fresh) * 0.4)
    copied = noisy(pick(p.X, rng.choice(rare, n)), 0.01, rng)
    return replace(p, X_made=joined(copied, pick(p.X_made, fresh[n:])), y_made=np.ones(len(fresh), int))


def shuffled_column(p: Parts, rng: np.random.Generator) -> Parts:
    """Shuffle one column of the synthetic rows within each class."""
    made, y = p.X_made.copy(), p.y_made
    j = strongest(p)
    for k in np.unique(y):
        own = np.flatnonzero(y == k)
        made[own, j] = made[rng.permutation(own), j]
    return replace(p, X_made=made)


def redrawn_column(p: Parts, rng: np.random.Generator) -> Parts:
    """Draw one column of the synthetic rows from all classes."""
    made = p.X_made.copy()
    j = strongest(p)
    made[:, j] = rng.choice(p.X[:, j], len(made))
    return replace(p, X_made=made)


def strongest(p: Parts) -> int:
    """Return the column that the others tell most about: to destroy it is to destroy something."""
    with np.errstate(invalid="ignore"):
        strength = np.nan_to_num(np.abs(np.corrcoef(p.X[p.y == 1], rowvar=False))).sum(0)
    return int(strength.argmax())


def mislabelled(share: float) -> Callable[[Parts, np.random.Generator], Parts]:
    """Return a case in which frequent samples make up a share of those called rare."""

    def case(p: Parts, rng: np.random.Generator) -> Parts:
        rare, usual = np.flatnonzero(p.y_made == 1), np.flatnonzero(p.y_made == 0)
        n = min(len(usual), int(len(rare) * share))
        made = joined(pick(p.X_made, usual[:n]), pick(p.X_made, rare[n:]))
        return replace(p, X_made=made, y_made=np.ones(len(made), int))

    return case


def few_held(n: int, change: Callable[[Parts, np.random.Generator], Parts]) -> Callable:
    """Return a case with so few rare held-out samples."""

    def case(p: Parts, rng: np.random.Generator) -> Parts:
        p = change(p, rng)
        kept = np.r_[np.flatnonzero(p.y_test == 0), np.flatnonzero(p.y_test == 1)[:n]]
        return replace(p, X_test=pick(p.X_test, kept), y_test=p.y_test[kept])

    return case


def new_level(p: Parts, rng: np.random.Generator) -> Parts:
    """Add a category, of which synthetic rows have a level that no real row has, and a dependency that they break."""

    def framed(X: np.ndarray, odd: bool) -> pd.DataFrame:
        level = rng.integers(0, 4, len(X))
        frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])
        frame["city"] = np.array(["a", "b", "c", "d"])[level]
        frame["country"] = np.array(["one", "two"])[rng.permutation(level) // 2 if odd else level // 2]
        if odd:
            frame.loc[:9, "city"] = "e"
        return frame

    return replace(p, X=framed(p.X, False), X_test=framed(p.X_test, False), X_made=framed(p.X_made, True))


def changed_copies(change: Callable[[np.ndarray], np.ndarray]) -> Callable:
    """Return a case in which synthetic images are training images, changed."""

    def case(p: Parts, rng: np.random.Generator) -> Parts:
        return replace(p, X_made=change(p.X), y_made=p.y)

    return case


def image_leak(p: Parts, rng: np.random.Generator) -> Parts:
    """Give held-out images, one grey level brighter, for synthetic ones."""
    return replace(p, X_made=np.where(p.X_test < 255, p.X_test + 1, p.X_test).astype(np.uint8), y_made=p.y_test)


def recompressed(images: np.ndarray) -> np.ndarray:
    """Return images as JPEG of quality 75 leaves them."""
    from PIL import Image

    def once(image: np.ndarray) -> np.ndarray:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=75)
        return np.asarray(Image.open(buffer))

    return np.stack([once(image) for image in images])


def tilted(images: np.ndarray) -> np.ndarray:
    """Return images turned by 7 degrees."""
    turned = rotate(images, 7, axes=(1, 2), reshape=False, mode="nearest", order=1)
    return turned.round().clip(0, 255).astype(np.uint8)


class Case(NamedTuple):
    """A planted truth: what is changed, and which grades of which questions are right."""

    change: Callable[[Parts, np.random.Generator], Parts]
    right: dict[str, tuple[str, ...]]


NOT_GOOD = ("doubtful", "bad", UNJUDGED)
NOT_BAD = ("good", "doubtful", UNJUDGED)
COPIED = {"privacy": ("bad",)}
TABLES = {
    "real": Case(as_is, {"fidelity": ("good", UNJUDGED), "privacy": ("good", UNJUDGED), "utility": NOT_BAD}),
    "leak": Case(leak, {"fidelity": (UNJUDGED,), "privacy": (UNJUDGED,), "utility": (UNJUDGED,)}),
    "split leak": Case(split_leak, {"fidelity": (UNJUDGED,), "privacy": (UNJUDGED,)}),
    "few copied": Case(few_copied, COPIED),
    "40 % copies": Case(copies, {"privacy": ("bad", UNJUDGED)}),
    "40 % copies, 12 held": Case(few_held(12, copies), {"privacy": ("bad", UNJUDGED)}),
    "shuffled column": Case(shuffled_column, {"fidelity": NOT_GOOD}),
    "redrawn column": Case(redrawn_column, {"fidelity": NOT_GOOD}),
    "majority called rare": Case(mislabelled(1.0), {"fidelity": NOT_GOOD, "utility": NOT_GOOD}),
    "half majority": Case(mislabelled(0.5), {"fidelity": NOT_GOOD}),
    "half majority, 10 held": Case(few_held(10, mislabelled(0.5)), {"fidelity": NOT_GOOD}),
    "30 % wrong labels": Case(mislabelled(0.3), {"fidelity": NOT_GOOD}),
    "5 held": Case(few_held(5, as_is), {q: (UNJUDGED,) for q in ("fidelity", "utility", "privacy")}),
    "12 held": Case(few_held(12, as_is), {q: (UNJUDGED,) for q in ("fidelity", "utility", "privacy")}),
    "new level": Case(new_level, {"fidelity": NOT_GOOD}),
}  # fmt: skip
IMAGES = {
    "real": Case(as_is, {"fidelity": ("good", UNJUDGED), "privacy": ("good", UNJUDGED)}),
    "leak": Case(image_leak, {"privacy": (UNJUDGED,)}),
    "shifted": Case(changed_copies(lambda x: np.roll(x, 1, 2)), COPIED),
    "mirrored": Case(changed_copies(lambda x: x[:, :, ::-1].copy()), COPIED),
    "turned": Case(changed_copies(lambda x: np.rot90(x, 1, (1, 2)).copy()), COPIED),
    "brighter": Case(changed_copies(lambda x: (x * 1.02).clip(0, 255).astype(np.uint8)), COPIED),
    "recompressed": Case(changed_copies(recompressed), COPIED),
    "turned a little": Case(changed_copies(tilted), {"privacy": ("bad", "doubtful", UNJUDGED)}),
    "half majority": Case(mislabelled(0.5), {"fidelity": NOT_GOOD}),
    "30 % wrong labels": Case(mislabelled(0.3), {"fidelity": NOT_GOOD}),
    "5 held": Case(few_held(5, as_is), {q: (UNJUDGED,) for q in ("fidelity", "privacy")}),
}


def verdicts(case: Case, parts: Parts, seed: int) -> Iterator[dict[str, Any]]:
    """Yield, for each question of a case, whether it was answered rightly."""
    p = case.change(parts, np.random.default_rng(seed))
    options: dict[str, Any] = {"questions": list(case.right), "repeats": 3, "random_state": seed}
    if getattr(p.X, "ndim", 2) == 2 and not hasattr(p.X, "iloc"):
        options["classifier"] = LogisticRegression()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = ganaug.evaluate((p.X_made, p.y_made), p.X_test, p.y_test, p.X, p.y, **options)
            said = {question: (answer.verdict.grade, str(answer.verdict)) for question, answer in found.items()}
        except LeakageError as error:
            said = dict.fromkeys(case.right, (UNJUDGED, f"refused: {error}"))
    for question, right in case.right.items():
        grade, text = said[question]
        yield {"question": question, "seed": seed, "right": grade in right, "grade": grade, "said": text}


def data_sets(folder: Path | None, seed: int) -> Iterator[tuple[str, dict[str, Case], Parts]]:
    """Yield names, cases and parts: scikit-learn's data, and those of a folder."""
    yield "clusters", TABLES, clusters(seed)
    X, y = load_breast_cancer(return_X_y=True)
    yield "breast cancer", TABLES, thirds(X[:, :10], 1 - y, seed)
    digits = load_digits()
    eight = np.isin(digits.target, (3, 8))
    images = (digits.images[eight] * 15.9).astype(np.uint8)
    yield "digits 3 and 8", IMAGES, thirds(images, (digits.target[eight] == 8).astype(int), seed)
    for path in sorted(folder.glob("*.csv")) if folder else ():
        frame = pd.read_csv(path).dropna()
        X = frame.drop(columns="target").select_dtypes("number")
        yield path.stem, TABLES, thirds(X.to_numpy(float), frame["target"].to_numpy(), seed)
    for path in sorted(folder.glob("*.npz")) if folder else ():
        with np.load(path) as found:
            images, labels = found["images"], found["labels"]
        common = np.argsort(np.bincount(labels))[::-1][:2]
        two = np.flatnonzero(np.isin(labels, common))
        two = np.random.default_rng(seed).permutation(two)[:900]
        yield path.stem, IMAGES, thirds(images[two], (labels[two] == common[1]).astype(int), seed)


def planted(seeds: range, cases: list[str], folder: Path | None, sets: list[str]) -> pd.DataFrame:
    """Return the verdicts of every data set, case and seed."""
    rows = []
    for seed in seeds:
        for name, known, parts in data_sets(folder, seed):
            for label, case in known.items():
                if (not cases or label in cases) and (not sets or name in sets):
                    for row in verdicts(case, parts, seed):
                        rows.append({"data": name, "case": label, **row})
                        if not row["right"]:
                            print(f"WRONG {name}, {label}, {row['question']}, seed {seed}: {row['said']}", flush=True)
    return pd.DataFrame(rows)


def coverage(replicates: int) -> pd.DataFrame:
    """Return how often the interval of the gain over the best rival holds the gain on very many held-out rows."""
    from ganaug.evaluation.intervals import class_mean_interval
    from ganaug.evaluation.utility.arms import BOTH, OVER_SAMPLING, Data, row_arms

    rows = []
    for effect in ("none", "true"):
        for seed in range(replicates):
            world = World(seed)
            (X, y), made = world.real(400, 25), world.rare(375) if effect == "true" else None
            if made is None:  # the rare rows once more: over-sampling by another name
                made = X[y == 1][world.rng.integers(25, size=375)]
            X_test, y_test = world.real(5000, 5060)
            both = np.r_[np.flatnonzero(y_test == 0)[:600], np.flatnonzero(y_test == 1)[:60]]
            data = Data(X, y, X_test, y_test, made, np.ones(len(made), int))
            arms = row_arms(LogisticRegression(max_iter=200))
            right = {
                name: np.stack([arms[name](data, seed + r).argmax(1) == y_test for r in range(3)]).astype(float)
                for name in (BOTH, OVER_SAMPLING)
            }
            gain = right[BOTH] - right[OVER_SAMPLING]
            truth = np.mean([gain[:, y_test == k].mean() for k in (0, 1)])
            for n in (5, 10, 20, 60):
                own = both[: 600 + n]
                _, low, high = class_mean_interval(gain[:, own], y_test[own], np.array([0, 1]))
                rows.append({"effect": effect, "held out": n, "covered": low <= truth <= high, "width": high - low})
    return pd.DataFrame(rows).groupby(["effect", "held out"])[["covered", "width"]].mean()


def cost(max_steps: int | str) -> None:
    """Print verdicts on GANs, and how long they took."""
    digits = load_digits()
    X, y = make_classification(5000, 20, n_informative=8, n_clusters_per_class=3, weights=[0.95], random_state=0)
    rng = np.random.default_rng(0)
    colours = np.kron(digits.images * 15.9, np.ones((1, 4, 4)))[..., None] * rng.uniform(0.3, 1, (1797, 1, 1, 3))
    colours = np.concatenate([colours, np.roll(colours[:203], 3, 1)]).astype(np.uint8)
    for name, data, target in (
        ("digits", digits.images, digits.target),
        ("5,000 × 20 rows", X, y),
        ("2,000 images of 32 × 32, RGB", colours, np.r_[digits.target, digits.target[:203]]),
    ):
        X_train, X_test, y_train, y_test = train_test_split(
            data, target, test_size=0.3, stratify=target, random_state=0
        )
        gan = ganaug.train(X_train, y_train, random_state=0, max_steps=max_steps)
        start, cpu = time.perf_counter(), time.process_time()
        found = ganaug.evaluate(gan, X_test, y_test, X_train, y_train, random_state=0)
        print(f"{name}: {time.perf_counter() - start:.0f} s, {time.process_time() - cpu:.0f} CPU-seconds")
        for question, verdict in found.verdicts.items():
            print(f"  {question}: {verdict}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--cases", nargs="+", choices=sorted({*TABLES, *IMAGES}), default=[])
    parser.add_argument("--sets", nargs="+", default=[], help="names of data sets; default: all")
    parser.add_argument("--data", type=Path, help="a folder with .csv and .npz files")
    parser.add_argument("--coverage", type=int, metavar="REPLICATES", help="simulate how often intervals hold instead")
    parser.add_argument("--cost", action="store_true", help="evaluate three GANs instead")
    parser.add_argument("--max-steps", type=int, help="of the GANs; default: auto")
    options = parser.parse_args()
    if options.cost:
        cost(options.max_steps or "auto")
    elif options.coverage:
        print(coverage(options.coverage).to_string())
    else:
        judged = planted(
            range(options.first_seed, options.first_seed + options.seeds), options.cases, options.data, options.sets
        )
        print(judged.groupby(["data", "case", "question"], sort=False)["right"].agg(["sum", "count"]).to_string())
        print(f"{judged['right'].sum()} of {len(judged)} verdicts are right")

"""Learn classes of 10 images each, from scratch and from a model of other classes; compare at equal steps.

    python examples/benchmarks/transfer.py
    python examples/benchmarks/transfer.py --data mnist.npz --steps 50 100 200 400
    python examples/benchmarks/transfer.py --source letters.npz --data mnist.npz

Without --data: scikit-learn's digits. Without --source, the source is the first half of the classes of --data, and the
target the second. Files hold ``images``, ``labels`` and, if they have one, ``split`` (1: held out).

Fréchet distance (lower is better) between 200 samples of each class and held-out images, in the hidden layer of a
classifier of all target images, and the share of the samples that it calls by the class asked for.
"""

import argparse
import time
import warnings

import numpy as np
import pandas as pd
from scipy import linalg
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import ganaug
from ganaug.training.callbacks import Callback


def load(path: str | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return images, labels, and whether each image is held out."""
    if path is None:
        digits = load_digits()
        return (digits.images * 15.9).astype(np.uint8), digits.target, np.zeros(len(digits.target), bool)
    with np.load(path) as archive:
        labels = archive["labels"]
        held_out = archive["split"] == 1 if "split" in archive else np.zeros(len(labels), bool)
        return archive["images"], labels, held_out


class Judge:
    """A classifier of real images, its hidden layer, and the held-out images in it."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, held_out: np.ndarray) -> None:
        self.mlp = MLPClassifier(64, max_iter=30, random_state=0).fit(flat(images), labels)
        self.mean, self.covariance = self.moments(images[held_out])

    def moments(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and covariance of the features."""
        features = np.maximum(flat(images) @ self.mlp.coefs_[0] + self.mlp.intercepts_[0], 0)
        return features.mean(0), np.cov(features.T)

    def distance(self, images: np.ndarray) -> float:
        """Return the Fréchet distance to the held-out images."""
        mean, covariance = self.moments(images)
        mixed = np.sqrt(linalg.eigvals(covariance @ self.covariance).real.clip(0)).sum()
        return float(((mean - self.mean) ** 2).sum() + np.trace(covariance + self.covariance) - 2 * mixed)


class Curve(Callback):
    """Judges the averaged generator after so many steps, off the clock."""

    def __init__(self, judge: Judge, steps: list[int]) -> None:
        self.judge, self.steps, self.rows = judge, sorted(steps), []

    def on_train_start(self, trainer) -> None:
        """Start the clock."""
        self.start = time.process_time()

    def on_record(self, trainer) -> None:
        """Judge at the first record from each of the steps on."""
        gan, before = trainer.gan, time.process_time()
        if len(self.rows) < len(self.steps) and gan.step >= self.steps[len(self.rows)]:
            rng = np.random.default_rng(0)
            c = np.repeat(np.arange(len(gan.classes)), 200)
            made = gan.codec.decode(gan.encoded(c, rng), rng)
            agreed = (self.judge.mlp.predict(flat(made)) == gan.classes_[c]).mean()
            self.rows.append((self.steps[len(self.rows)], before - self.start, self.judge.distance(made), agreed))
        self.start += time.process_time() - before


def flat(images: np.ndarray) -> np.ndarray:
    """Return rows of numbers from 0 to 1."""
    return images.reshape(len(images), -1) / 255


def picture(path: str, rows: list[np.ndarray]) -> None:
    """Write rows of images, enlarged."""
    from PIL import Image

    height = max(row.shape[1] for row in rows)
    scale = max(1, round(32 / height))
    tiles = [np.concatenate([np.pad(image, ((1, 1), (1, 1)), constant_values=96) for image in row], 1) for row in rows]
    widest = max(tile.shape[1] for tile in tiles)
    sheet = np.concatenate([np.pad(tile, ((3, 0), (0, widest - tile.shape[1])), constant_values=255) for tile in tiles])
    Image.fromarray(sheet).resize((sheet.shape[1] * scale, sheet.shape[0] * scale), Image.Resampling.NEAREST).save(path)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--source")
    parser.add_argument("--per-class", type=int, default=10)
    parser.add_argument("--source-steps", type=int, default=1000)
    parser.add_argument("--steps", type=int, nargs="+", default=[50, 100, 200, 400])
    parser.add_argument("--variants", nargs="+", default=["full/fresh", "full/mixture", "freeze-d/fresh"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", help="gray images only")
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)

    images, labels, held_out = load(options.data)
    classes = np.unique(labels)
    if options.source is None:
        half = classes[len(classes) // 2]
        source_images, source_labels = images[(labels < half) & ~held_out], labels[(labels < half) & ~held_out]
        images, held_out, labels = images[labels >= half], held_out[labels >= half], labels[labels >= half]
        classes = np.unique(labels)
    else:
        source_images, source_labels, _ = load(options.source)
        source_labels = np.char.add("source ", source_labels.astype(str))  # equal names would mean equal classes
        classes = np.unique(labels)
    rng = np.random.default_rng(options.seed)
    few = np.concatenate(
        [rng.permutation(np.flatnonzero((labels == k) & ~held_out))[: options.per_class] for k in classes]
    )
    if not held_out.any():
        held_out = ~np.isin(np.arange(len(labels)), few)
    judge = Judge(images, labels, held_out)
    source = ganaug.train(source_images, source_labels, max_steps=options.source_steps, random_state=options.seed)

    found, models = {}, {}
    for variant in ["scratch", *options.variants]:
        curve = Curve(judge, options.steps)
        common = {"random_state": options.seed, "max_steps": max(options.steps), "callbacks": [curve]}
        if variant == "scratch":
            models[variant] = ganaug.train(images[few], labels[few], **common)
        else:
            method, embeddings = variant.split("/")
            models[variant] = ganaug.finetune(
                source, images[few], labels[few], method=method, embeddings=embeddings, **common
            )
            print(f"{variant}: {models[variant].transfer}\n")
        found[variant] = {
            step: f"{distance:.1f} ({agreed:.0%}, {seconds:.0f} s)" for step, seconds, distance, agreed in curve.rows
        }
    print("Fréchet distance (called by the class asked for, CPU-seconds) after so many steps:")
    print(pd.DataFrame(found).to_string())
    if options.picture:
        own = [few[labels[few] == k] for k in classes]
        per = max(1, 20 // len(classes))
        rows = [np.concatenate([source.sample(per, label=k, random_state=0) for k in source.classes_[: len(classes)]])]
        rows.append(np.concatenate([images[rows_of_class[:per]] for rows_of_class in own]))
        for variant in ("scratch", options.variants[0]):
            rows.append(np.concatenate([models[variant].sample(per, label=k, random_state=0) for k in classes]))
        picture(options.picture, rows)


if __name__ == "__main__":
    main()

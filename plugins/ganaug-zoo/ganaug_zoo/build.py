"""Train the models of the zoo anew.

python -m ganaug_zoo.build digits
python -m ganaug_zoo.build strokes --data omniglot.npz
python -m ganaug_zoo.build kuzushiji --data kmnist.npz

The same file of data, versions and kind of processor give the same bytes: one thread, one seed.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import ganaug
import numpy as np
from ganaug.core.threads import threads

_FOLDER = Path(__file__).parent / "models"
MAX_BYTES = 2_000_000


class Recipe(NamedTuple):
    """What a model learns, and how."""

    data: str
    licence: str
    source: str
    steps: int
    settings: Mapping[str, Any] = {}


RECIPES = {
    "digits": Recipe(
        "Optical recognition of handwritten digits, as in scikit-learn (1,797 images, 8 × 8)",
        "CC BY 4.0",
        "https://archive.ics.uci.edu/dataset/80",
        1500,
    ),
    "strokes": Recipe(
        "Omniglot (242 characters of eight alphabets, 20 drawings each, 28 × 28, white on black)",
        "MIT",
        "https://github.com/brendenlake/omniglot",
        1500,
    ),
    "kuzushiji": Recipe(
        "Kuzushiji-MNIST, the official test part (10 cursive characters, 28 × 28)",
        "CC BY-SA 4.0",
        "https://codh.rois.ac.jp/kmnist/",
        1500,
    ),
}


def read(name: str, path: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Return uint8 images ``(n, side, side)`` and labels: scikit-learn's, or those of the training part of a file."""
    if name == "digits":
        from sklearn.datasets import load_digits

        X, y = load_digits(return_X_y=True)
        return (X.reshape(-1, 8, 8) * 15.9375).astype(np.uint8), y
    if path is None:
        raise SystemExit(f"{name} learns from a file: --data FILE.npz with images, labels and perhaps split")
    with np.load(path, allow_pickle=False) as file:
        taught = file["split"] == 0 if "split" in file.files else slice(None)
        labels = np.char.add(f"{name} ", file["labels"][taught].astype(str))  # equal labels would mean equal classes
        return file["images"][taught], labels


def build(name: str, data: Path | None, out: Path, max_steps: int | None = None) -> Path:
    """Train a model and write its checkpoint; an existing one is replaced."""
    recipe = RECIPES[name]
    X, y = read(name, data)
    with threads(1):
        gan = ganaug.train(X, y, max_steps=max_steps or recipe.steps, random_state=0, **recipe.settings)
    target = out / f"{name}.safetensors"
    gan.save(target, overwrite=True, data=recipe.data, licence=recipe.licence, source=recipe.source)
    if (size := target.stat().st_size) > MAX_BYTES:
        raise SystemExit(f"{target} has {size:,} bytes; the zoo's models have at most {MAX_BYTES:,}")
    return target


def main() -> None:
    """Build one model."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name", choices=sorted(RECIPES))
    parser.add_argument("--data", type=Path, help="a .npz with images, labels and perhaps split (0: training)")
    parser.add_argument("--out", type=Path, default=_FOLDER)
    parser.add_argument("--max-steps", type=int)
    arguments = parser.parse_args()
    print(build(arguments.name, arguments.data, arguments.out, arguments.max_steps))


if __name__ == "__main__":
    main()

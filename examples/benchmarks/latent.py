"""How well real images are found in the latent space of a GAN, and whether edits leave them in their class.

    python examples/benchmarks/latent.py                     # scikit-learn's digits
    python examples/benchmarks/latent.py --data images.npz   # images, labels, split (0: learnt from, 1: held out)

Prints one JSON line.
"""

import argparse
import json
import time

import numpy as np
from sklearn.datasets import load_digits

import ganaug
from ganaug.data.encoded import encode
from ganaug.models.classifier import fit_classifier, outputs

STRENGTHS = 1.0, 2.0


def load(path):
    """Return images, labels and which are learnt from."""
    if path is None:
        digits = load_digits()
        return (digits.images * 15.9).astype(np.uint8), digits.target, np.arange(len(digits.target)) % 2 == 0
    data = np.load(path)
    return data["images"], data["labels"], data["split"] == 0


def psnr(errors):
    """Return the mean peak signal-to-noise ratio in dB of root mean squared errors of values in [-1, 1]."""
    return float((20 * np.log10(2 / errors)).mean())


def main():
    """Train, invert, edit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data")
    parser.add_argument("--max-steps", type=int, default=1_500)
    parser.add_argument("--n", type=int, default=100, help="images of each part")
    parser.add_argument("--directions", type=int, default=5)
    arguments = parser.parse_args()
    X, y, taught = load(arguments.data)
    start = time.process_time()
    gan = ganaug.train(X[taught], y[taught], max_steps=arguments.max_steps, random_state=0)
    found = {"training": time.process_time() - start}
    learnt = encode(X[taught], y[taught])
    weights = 1 / np.bincount(learnt.c)[learnt.c]
    classifier = fit_classifier(learnt.floats(), learnt.c, weights, steps=300, seed=0)
    parts = {"training images": np.flatnonzero(taught), "unseen images": np.flatnonzero(~taught)}
    for name, rows in parts.items():
        rows = rows[np.linspace(0, len(rows) - 1, arguments.n).astype(int)]
        start = time.process_time()
        codes = gan.latent.invert(X[rows], y[rows], random_state=0)
        found[f"PSNR of {name}"] = psnr(codes.errors)
        found[f"seconds for {arguments.n} {name}"] = time.process_time() - start
    kept = {strength: [] for strength in STRENGTHS}
    for direction in gan.latent.directions(arguments.directions):
        for strength in STRENGTHS:
            edited = gan.latent.edit(X[rows], direction, strength, codes=codes)
            said = outputs(classifier, gan.codec.encode(edited)).argmax(1)
            kept[strength].append((said == gan.classes.index(y[rows])).mean())
    right = outputs(classifier, gan.codec.encode(X[rows])).argmax(1) == gan.classes.index(y[rows])
    found["class recognised, not edited"] = float(right.mean())
    for strength, shares in kept.items():
        found[f"class recognised, edited by {strength:g}"] = [round(float(share), 3) for share in shares]
    print(json.dumps({name: round(v, 3) if isinstance(v, float) else v for name, v in found.items()}))


if __name__ == "__main__":
    main()

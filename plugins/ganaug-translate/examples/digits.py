"""Threes become eights, and noise is removed: on scikit-learn's bundled digits, in half a minute."""

import argparse

import numpy as np
from sklearn.datasets import load_digits
from sklearn.svm import SVC

from ganaug_translate import train_restorer, train_translator
from ganaug_translate.preview import before_and_after

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, default=200)
parser.add_argument("--out", default="threes-to-eights.png")
arguments = parser.parse_args()

digits = load_digits()
X, y = (digits.images * 15.9).astype(np.uint8), digits.target
taught, held = np.arange(len(y)) % 2 == 0, np.arange(len(y)) % 2 == 1

translator = train_translator(
    X[taught], y[taught], source=3, target=8, width=8, max_steps=arguments.steps, random_state=0
)
threes = X[held & (y == 3)]
eights = translator.apply(threes)
classifier = SVC(gamma=0.001).fit(X[taught].reshape(-1, 64) / 15.9, y[taught])
called = (classifier.predict(eights.reshape(-1, 64) / 15.9) == 8).mean()
print(f"A classifier calls {called:.0%} of {len(threes)} held-out translated threes eights.")
before, after = (translator.codec.encode(images) for images in (threes, eights))
before_and_after(before, after, names=("threes", "made eights", "")).save(arguments.out)
print(f"See {arguments.out}.")

restorer = train_restorer(X[taught], task="denoise", sigma=40, width=16, max_steps=arguments.steps, random_state=0)
noise = np.random.default_rng(0).normal(0, 40, X[held].shape)
noisy = (X[held] + noise).clip(0, 255).astype(np.uint8)
off = [np.abs(images.astype(float) - X[held]).mean() for images in (noisy, restorer.apply(noisy))]
print(f"Noise of {off[0]:.1f} grey levels on average becomes {off[1]:.1f}.")

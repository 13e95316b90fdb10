"""A fast classifier of series: shares of positive values of random-like convolutions, and a linear model of them."""

from typing import Any, Self

import numpy as np
import torch
from ganaug.core.threads import threads
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.linear_model import RidgeClassifierCV
from sklearn.preprocessing import StandardScaler
from torch.nn import functional as F

_LENGTH = 9  # of a kernel: six weights of -1, three of 2
_MAX_DILATIONS = 32
_MAX_CHANNELS = 9  # that one kernel sums
_NUMBERS_AT_ONCE = 2**24  # of convolutions


class MiniRocket(TransformerMixin, BaseEstimator):
    """Features of series after MiniRocket (Dempster, Schmidt & Webb 2021, arXiv:2012.08791), written small.

    84 fixed kernels of two values at exponentially growing dilations; the features are the shares of positive values
    above biases, which are quantiles of the convolutions of some training series.

    Parameters
    ----------
    shape : (int, int)
        Channels and time points of a series; it takes them flattened.
    n_features : int, default=2_000
        About how many.
    random_state : int, default=0
        Seeds the channels of the kernels and the series that biases are from.
    """

    def __init__(self, shape: tuple[int, int], n_features: int = 2_000, random_state: int = 0) -> None:
        self.shape, self.n_features, self.random_state = shape, n_features, random_state

    def fit(self, X: np.ndarray, y: Any = None) -> Self:
        """Choose dilations, channels and biases."""
        channels, length = self.shape
        rng = np.random.default_rng(self.random_state)
        each = max(1, self.n_features // len(_kernels()))
        highest = np.log2(max(1, (length - 1) / (_LENGTH - 1)))
        wanted = np.unique(np.exp2(np.linspace(0, highest, min(each, _MAX_DILATIONS))).astype(int), return_counts=True)
        scaled = np.maximum(1, wanted[1] * each // wanted[1].sum())
        self.plan_ = list(zip(wanted[0].tolist(), scaled.tolist(), strict=True))
        most = min(channels, _MAX_CHANNELS)
        self.chosen_ = np.zeros((len(self.plan_), len(_kernels()), channels), np.float32)
        for kernel in self.chosen_.reshape(-1, channels):
            kernel[rng.choice(channels, int(2 ** rng.uniform(0, np.log2(most + 1))), replace=False)] = 1
        golden, self.biases_, place = (5**0.5 + 1) / 2, [], 0
        x = self._tensor(X)
        for i, (_, n) in enumerate(self.plan_):
            some = self._convolve(x[rng.integers(len(x), size=8)], i).transpose(0, 1).flatten(1)  # (kernels, ...)
            quantiles = (np.arange(place, place + len(some) * n) * golden % 1).reshape(len(some), n)
            place += quantiles.size
            sorted_ = some.sort(1).values.numpy()
            self.biases_.append(np.take_along_axis(sorted_, (quantiles * sorted_.shape[1]).astype(int), 1))
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return ``(n, about n_features)`` float32."""
        step = max(1, _NUMBERS_AT_ONCE // (len(_kernels()) * self.shape[1]))
        with threads(1):
            return np.concatenate([self._features(part) for part in self._tensor(X).split(step)])

    def _features(self, x: torch.Tensor) -> np.ndarray:
        found = []
        for i, (dilation, n) in enumerate(self.plan_):
            out, biases = self._convolve(x, i), torch.from_numpy(self.biases_[i])
            edge = dilation * (_LENGTH // 2)
            inner = out[:, :, edge : out.shape[2] - edge] if out.shape[2] > 2 * edge else out
            for j in range(n):  # every other kernel sees the edges, where zeros are padded
                bias = biases[:, j, None]
                shares = [
                    (o[:, (i + j) % 2 ^ k :: 2] > bias[(i + j) % 2 ^ k :: 2]).float().mean(2)
                    for k, o in enumerate((out, inner))
                ]
                found += shares
        return torch.cat(found, 1).numpy()

    def _convolve(self, x: torch.Tensor, i: int) -> torch.Tensor:
        dilation, _ = self.plan_[i]
        weight = torch.from_numpy(_kernels()[:, None] * self.chosen_[i][:, :, None])  # (84, channels, 9)
        return F.conv1d(x, weight, padding=dilation * (_LENGTH // 2), dilation=dilation)

    def _tensor(self, X: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(X, dtype=np.float32).reshape(len(X), *self.shape))


def _kernels() -> np.ndarray:
    """Return the 84 kernels of nine weights, three of them 2, the rest -1; ``(84, 9)``."""
    places = [(i, j, k) for i in range(_LENGTH) for j in range(i) for k in range(j)]
    kernels = np.full((len(places), _LENGTH), -1, np.float32)
    kernels[np.arange(len(places))[:, None], np.array(places)] = 2
    return kernels


class RocketClassifier(ClassifierMixin, BaseEstimator):
    """`MiniRocket` features and ridge regression, whose strength leave-one-out errors choose.

    Parameters
    ----------
    shape, n_features, random_state
        As for `MiniRocket`.
    """

    def __init__(self, shape: tuple[int, int], n_features: int = 1_000, random_state: int = 0) -> None:
        self.shape, self.n_features, self.random_state = shape, n_features, random_state

    def fit(self, X: np.ndarray, y: Any, sample_weight: np.ndarray | None = None) -> Self:
        """Learn from flattened series ``(n, channels * timepoints)``."""
        self.rocket_ = MiniRocket(self.shape, self.n_features, self.random_state).fit(X)
        self.scaler_ = StandardScaler()
        features = self.scaler_.fit_transform(self.rocket_.transform(X))
        self.ridge_ = RidgeClassifierCV(np.logspace(-1, 4, 8)).fit(features, y, sample_weight)
        self.classes_ = self.ridge_.classes_
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return standardised features: what distances between series are taken in."""
        return self.scaler_.transform(self.rocket_.transform(X))

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return scores that add up to 1, ``(n, n_classes)``; they are no calibrated probabilities."""
        scores = self.ridge_.decision_function(self.transform(X))
        return softmax(np.stack([-scores, scores], 1) if scores.ndim == 1 else 2 * scores, axis=1)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return classes."""
        return self.classes_[self.predict_proba(X).argmax(1)]

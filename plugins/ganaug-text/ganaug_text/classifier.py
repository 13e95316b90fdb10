"""A fast classifier of texts: TF-IDF of words and pairs of words, and a linear model of them."""

from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import SGDClassifier

from ganaug_text.tokens import PAD

_PLACES = 2**18  # that pairs of words are hashed to
_DIM = 50  # of the features that distances are taken in


def count_ngrams(ids: np.ndarray) -> sparse.csr_matrix:
    """Return how often each word and each pair of words occurs, from numbers of words ``(n, words)``; pairs hashed."""
    ids = np.asarray(ids, dtype=np.int64)
    rows, columns = np.nonzero(ids != PAD)
    words = ids[rows, columns]
    following = (ids[:, 1:] != PAD) & (ids[:, :-1] != PAD)
    pair_rows, starts = np.nonzero(following)
    pairs = (ids[pair_rows, starts] * 1_000_003 + ids[pair_rows, starts + 1]) % _PLACES
    places = np.r_[words % _PLACES, _PLACES + pairs]
    counts = np.ones(len(places), np.float32)
    return sparse.csr_matrix((counts, (np.r_[rows, pair_rows], places)), shape=(len(ids), 2 * _PLACES))


class TextClassifier(ClassifierMixin, BaseEstimator):
    """Sublinear TF-IDF and logistic regression by stochastic gradient descent, on encoded texts.

    Parameters
    ----------
    shape : tuple of int, optional
        Of an encoded text; of no matter.
    """

    def __init__(self, shape: tuple[int, ...] = (), random_state: int = 0) -> None:
        self.shape, self.random_state = shape, random_state

    def fit(self, X: np.ndarray, y: Any, sample_weight: np.ndarray | None = None) -> Self:
        """Learn from numbers of words ``(n, words)``."""
        self.tfidf_ = TfidfTransformer(sublinear_tf=True)
        self._learnt = self.tfidf_.fit_transform(count_ngrams(X))
        self.linear_ = SGDClassifier(loss="log_loss", alpha=2e-5, max_iter=8, tol=None, random_state=self.random_state)
        self.linear_.fit(self._learnt, y, sample_weight=sample_weight)
        self.classes_ = self.linear_.classes_
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities ``(n, n_classes)``."""
        return self.linear_.predict_proba(self.tfidf_.transform(count_ngrams(X)))

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return classes."""
        return self.linear_.predict(self.tfidf_.transform(count_ngrams(X)))

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the 50 main directions of TF-IDF, ``(n, 50)``: what distances between texts are taken in."""
        if not hasattr(self, "svd_"):
            dim = max(1, min(_DIM, len(np.unique(self._learnt.indices)) - 1))
            self.svd_ = TruncatedSVD(dim, random_state=self.random_state).fit(self._learnt)
        return self.svd_.transform(self.tfidf_.transform(count_ngrams(X)))

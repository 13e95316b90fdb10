"""What distances between samples are taken in."""

from typing import Any

import numpy as np
from torch import nn

from ganaug.core.errors import ConfigError
from ganaug.data.codec import Span
from ganaug.data.kind import Kind
from ganaug.evaluation.samples import Samples
from ganaug.models.classifier import fit_classifier, outputs

_STEPS = 300  # of the classifier whose features are used


class Features:
    """Encoded samples → `Samples`: rows as they are, images as a network sees them.

    Parameters
    ----------
    spans : tuple of Span
        The codec's.
    body : torch.nn.Module, scikit-learn classifier or None
        From encoded samples ``(n, *sample_shape)`` to features; None: the samples themselves. A fitted classifier that
        has ``transform`` gives the logits too.
    head : torch.nn.Module or None
        From features to logits; None: features are the logits too.
    """

    def __init__(self, spans: tuple[Span, ...], body: Any, head: nn.Module | None = None) -> None:
        self.spans = spans
        self.body = body
        self.head = head

    @classmethod
    def fit(
        cls,
        x: np.ndarray,
        c: np.ndarray,
        spans: tuple[Span, ...],
        kind: Kind,
        *,
        network: Any,
        seed: int,
        steps: int = _STEPS,
    ) -> "tuple[Features, np.ndarray]":
        """Use the network that was given; else, for images, train a small one to tell the real classes apart.

        It learns every other image of a class. To a network, images that it learnt look unlike new ones, real or not:
        only the others can be compared with held-out images.

        Parameters
        ----------
        x : ndarray of shape (n, *sample_shape)
            Encoded real training samples.
        c : ndarray of shape (n,)
            Their classes.
        spans : tuple of Span
        kind : Kind
            Whether its classifier is a network.
        network : torch.nn.Module or None
        seed : int
        steps : int, default=300
            Of the small network.

        Returns
        -------
        features : Features
        unseen : ndarray of shape (n_unseen,)
            Positions of the samples that no network learnt from.
        """
        everything = np.arange(len(c))
        if network is not None:
            if not isinstance(network, nn.Module):
                raise ConfigError(f"features must be a torch.nn.Module or None; got {type(network).__name__}")
            return cls(spans, network), everything
        own = kind.classifier(x.shape[1:]) if callable(kind.classifier) else None
        if kind.classifier != "network" and not hasattr(own, "transform"):
            return cls(spans, None), everything
        learnt = np.sort(np.concatenate([np.flatnonzero(c == k)[::2] for k in np.unique(c)]))
        weights = 1 / np.bincount(c[learnt])[c[learnt]]
        if own is not None:
            own.fit(x[learnt].reshape(len(learnt), -1), c[learnt], sample_weight=weights / weights.mean())
            return cls(spans, own), np.setdiff1d(everything, learnt)
        model = fit_classifier(x[learnt], c[learnt], weights, steps=steps, seed=seed)
        return cls(spans, model[:-1], model[-1]), np.setdiff1d(everything, learnt)

    def __call__(self, encoded: np.ndarray, c: np.ndarray) -> Samples:
        """Return the samples with their features."""
        if self.body is None:
            return Samples(encoded, c, encoded.reshape(len(encoded), -1).astype(np.float64), None, self.spans)
        if not isinstance(self.body, nn.Module):
            flat = encoded.reshape(len(encoded), -1)
            logits = np.log(np.maximum(self.body.predict_proba(flat), 1e-12))
            return Samples(encoded, c, self.body.transform(flat).astype(np.float64), logits, self.spans)
        training = self.body.training
        try:
            features = outputs(self.body.eval(), encoded)
        except (RuntimeError, TypeError, ValueError) as error:
            shape = ", ".join(map(str, encoded.shape[1:]))
            raise ConfigError(f"features cannot take float32 of shape (n, {shape}): {error}") from error
        finally:
            self.body.train(training)
        features = features.reshape(len(encoded), -1)
        logits = features if self.head is None else outputs(self.head, features)
        return Samples(encoded, c, features.astype(np.float64), logits, self.spans)

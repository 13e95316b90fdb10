"""What distances between samples are taken in."""

from typing import Any

import numpy as np
from torch import nn

from ganaug.core.errors import ConfigError
from ganaug.data.codec import Span
from ganaug.evaluation.samples import Samples
from ganaug.evaluation.utility import fit_classifier, outputs

_STEPS = 300  # of the classifier whose features are used


class Features:
    """Encoded samples → `Samples`: rows as they are, images as a network sees them.

    Parameters
    ----------
    spans : tuple of Span
        The codec's.
    body : torch.nn.Module or None
        From encoded samples ``(n, *sample_shape)`` to features; None: the samples themselves.
    head : torch.nn.Module or None
        From features to logits; None: features are the logits too.
    """

    def __init__(self, spans: tuple[Span, ...], body: nn.Module | None, head: nn.Module | None = None) -> None:
        self.spans = spans
        self.body = body
        self.head = head

    @classmethod
    def fit(cls, x: np.ndarray, c: np.ndarray, spans: tuple[Span, ...], *, network: Any, seed: int) -> "Features":
        """Use the network that was given; else, for images, train a small one to tell the real classes apart.

        Parameters
        ----------
        x : ndarray of shape (n, *sample_shape)
            Encoded real training samples.
        c : ndarray of shape (n,)
            Their classes.
        spans : tuple of Span
        network : torch.nn.Module or None
        seed : int
        """
        if network is not None:
            if not isinstance(network, nn.Module):
                raise ConfigError(f"features must be a torch.nn.Module or None; got {type(network).__name__}")
            return cls(spans, network)
        if x.ndim == 2:
            return cls(spans, None)
        weights = 1 / np.bincount(c)[c]
        model = fit_classifier(x, c, weights, steps=_STEPS, seed=seed)
        return cls(spans, model[:-1], model[-1])

    def __call__(self, encoded: np.ndarray, c: np.ndarray) -> Samples:
        """Return the samples with their features."""
        if self.body is None:
            return Samples(encoded, c, encoded.astype(np.float64), None, self.spans)
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

"""Alarms: training runs that need a hand, noticed while they run."""

import warnings
from typing import Any

import torch
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from ganaug.training.callbacks.base import Callback, Run

_WATCHED = 8  # classes, the rarest: a small class is copied first
_PROBES = 16  # samples of each
_REAL = 2_048  # training samples of each, at most
_SETTLED = 200  # steps before samples are looked at
_EVERY = 10  # records between two looks
_COPIES = 0.25  # of the distance between real neighbours; see docs/guide/watching.md


class Watchdog(Callback):
    """Warns, once each, when D has won, when the samples of a class have become one, or when they are copies.

    Parameters
    ----------
    patience : int, default=10
        Consecutive records with D right on every real and fake sample before it warns.

    Examples
    --------
    >>> Watchdog(patience=20).patience
    20
    """

    def __init__(self, patience: int = 10) -> None:
        self.patience = patience
        self._perfect = 0
        self._warned: set[str] = set()
        self._copies: CopyProbe | None = None

    def on_record(self, trainer: Run) -> None:
        """Look at the newest row, and every tenth time at the samples."""
        last = trainer.history.last
        self._perfect = self._perfect + 1 if min(last["d_accuracy_real"], last["d_accuracy_fake"]) >= 1 else 0
        if self._perfect == self.patience:
            self._warn(
                "won",
                f"the discriminator has told every sample right since step {last['step'] - 1:.0f} or before: the "
                "generator gets little to learn from. Use objective='relativistic', a lower d_learning_rate or "
                "instance_noise=0.1",
            )
        if last["diversity"] < 0.05 and last["step"] >= _SETTLED:
            self._warn(
                "collapsed",
                f"samples of one class are nearly all alike at step {last['step']:.0f} (their spread is "
                f"{last['diversity']:.1%} of the real one): mode collapse. Use objective='relativistic' or a lower "
                "learning_rate",
            )
        if self._copies is not None and last["step"] >= _SETTLED and len(trainer.history) % _EVERY == 0:
            self._look(self._copies, trainer)

    def on_train_start(self, trainer: Run) -> None:
        """Measure how far apart the training samples are."""
        self._copies = CopyProbe(trainer)

    def state_dict(self) -> dict[str, Any]:
        """Return the count so far and what was warned of."""
        return {"perfect": self._perfect, "warned": sorted(self._warned)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Count on."""
        self._perfect, self._warned = state["perfect"], set(state["warned"])

    def _look(self, copies: "CopyProbe", trainer: Run) -> None:
        ratios = copies.ratios(trainer)
        worst = min(ratios, key=lambda condition: ratios[condition], default=None)
        if worst is not None and ratios[worst] < _COPIES:
            self._warn(
                "copied",
                f"samples of class {str(trainer.gan.classes_[worst])!r} are copies of training samples at step "
                f"{trainer.gan.step} (their nearest ones are {ratios[worst]:.2f} × as far as those are from each "
                "other): memorisation. Use fewer max_steps, more samples of the class, or ganaug.finetune from a model "
                "of more data; give the samples to nobody who may not see the training data",
            )

    def _warn(self, what: str, message: str) -> None:
        if what not in self._warned:
            self._warned.add(what)
            warnings.warn(message, ConvergenceWarning, stacklevel=2)


class CopyProbe:
    """Compares how near samples of the rarest classes are to training samples with how near those are to each other.

    Distances are Euclidean, between encoded samples. Classes of one sample are left out, and those where most samples
    have a twin; so are rows of categories alone, where equal rows are no copies. Nothing of the training's own
    randomness is used.

    Parameters
    ----------
    trainer : Run
        With its data.
    """

    def __init__(self, trainer: Run) -> None:
        batches, device = trainer.batches, trainer.device
        counts = torch.bincount(batches.c)
        random = torch.Generator(device).manual_seed(0)
        self.z = torch.randn(_PROBES, trainer.gan.latent_dim, generator=random, device=device)
        self.apart: dict[int, float] = {}
        if all(span.activation == "softmax" for span in trainer.gan.codec.spans):
            return
        for condition in counts.argsort()[:_WATCHED].tolist():
            real = batches.of_class(condition, _REAL).flatten(1)
            apart = torch.cdist(real[:_PROBES], real)
            between = float(apart.fill_diagonal_(float("inf")).amin(1).median())
            if len(real) > 1 and between > 0:
                self.apart[condition] = between

    @torch.no_grad()
    def ratios(self, trainer: Run) -> dict[int, float]:
        """Return median distances to the nearest training sample, over those between training samples, by class."""
        ratios = {}
        for condition, between in self.apart.items():
            real = trainer.batches.of_class(condition, _REAL).flatten(1)
            samples = trainer.generator_ema(self.z, torch.full((_PROBES,), condition, device=real.device))
            ratios[condition] = float(torch.cdist(samples.flatten(1), real).amin(1).median()) / between
        return ratios


@torch.no_grad()
def diversity(samples: Tensor, spread: Tensor) -> float:
    """Return the spread of ``samples (n_classes, n, …)`` as a share of ``spread (n_classes,)``; the worst class."""
    deviations = samples.flatten(2).std(dim=1).mean(dim=1)
    return float((deviations / spread.clamp_min(1e-6)).min())

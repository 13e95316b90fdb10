"""Which sources deserve a share of the new samples: held-out real data of the user decide."""

import logging
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.model_selection import StratifiedKFold
from torch.nn import functional as F

from ganaug.core.seeds import as_seed
from ganaug.data.encoded import Encoded
from ganaug.models.classifier import classify
from ganaug.oversampling.sources import Source

BASE = "repeat"  # what every source is compared with: real images again, that is, random over-sampling
MIN_SAMPLES_JUDGED = 12  # of a rare class whose images judge: a third of fewer is no sample to judge by
GAN_SHARE_OF_STEPS = 1 / 3  # that the judge trains the GAN for, twice: the whole costs at most twice a full training
_FOLDS = 3  # two of them are held out in turn: each of their images judges once, and two thirds of a class teach
_ROUNDS = 2
_FINALISTS = 2  # sources that enter the second round
_MAX_TAUGHT = 1_000  # real images of a class that a classifier sees, and as many new ones at most
_MAX_SIDE = 32  # pixels that larger images are reduced to
_STEPS = 200  # of the classifier
_TRUE_GAIN = 0.03  # standard deviation of true gains, by the dev sets: measured gains are shrunk towards 0 by it

logger = logging.getLogger("ganaug")


@dataclass(frozen=True)
class Trial:
    """One mixture of sources, tried.

    Attributes
    ----------
    shares : dict of str to float
        Of the new samples, by source.
    gain : float
        Of the score over random over-sampling, on held-out images: the mean of rare-class recall and balanced accuracy.
    error : float
        Standard error of `gain`.
    n : int
        Held-out images that judged.
    """

    shares: dict[str, float]
    gain: float
    error: float
    n: int

    @property
    def shrunk(self) -> float:
        """The gain to be expected: shrunk towards 0 by its own error."""
        return self.gain * _TRUE_GAIN**2 / (_TRUE_GAIN**2 + self.error**2)

    def __str__(self) -> str:
        mix = " + ".join(name if share == 1 else f"{share:g} {name}" for name, share in self.shares.items())
        return f"{mix} {100 * self.gain:+.1f} ± {100 * self.error:.1f}"


@dataclass(frozen=True)
class Judgement:
    """What the judge decided; hand it to another sampler as ``sources=judgement`` to decide the same again.

    Attributes
    ----------
    shares : dict of str to float
        What the new samples are made of, by source; they add up to 1.
    trials : tuple of Trial
        What was tried, with its gain over random over-sampling.
    why : str
        The reason, in words.
    seconds : float
        CPU time that it took.

    Examples
    --------
    >>> chosen = Judgement({"gan": 0.5, "symmetry": 0.5}, why="the last run said so")
    >>> ganaug.GANOverSampler(sources=chosen).sources.shares
    {'gan': 0.5, 'symmetry': 0.5}
    """

    shares: dict[str, float]
    trials: tuple[Trial, ...] = ()
    why: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        return self.why + ("" if not self.trials else f" (points of score: {'; '.join(map(str, self.trials))})")


def judge(
    data: Encoded,
    factories: Mapping[str, Callable[[], Source]],
    rare: np.ndarray,
    fallback: Mapping[str, float],
    *,
    budget: float,
    random_state: np.random.Generator,
) -> Judgement:
    """Try sources of new samples for rare classes on held-out real ones, and choose the shares.

    Twice, a third of the images is held out (another one each time) and the sources learn the rest. A small
    convolutional classifier is trained on class-balanced, augmented batches of what the over-sampler would return:
    once with real images repeated, once with each source's. The second round tries the two best sources again, and
    half of each. A source is chosen only if its gain is larger than its standard error; a kind may say that its
    default shares are taken else, unless their loss is. Other kinds bring classifiers of their own. Rare classes of
    fewer than 12 images get new images too, but their own do not judge.

    Parameters
    ----------
    data : Encoded
        Images of all classes.
    factories : dict of str to callable
        From nothing to an unfitted source, by name; ``"repeat"`` is the base.
    rare : ndarray of int
        The classes that are to be over-sampled.
    fallback : dict of str to float
        The shares where the data do not suffice to judge.
    budget : float
        Seconds of CPU after which no other source is tried.
    random_state : numpy.random.Generator
        Seeds the folds, the sources and the classifiers.
    """
    start = time.process_time()
    counts = np.bincount(data.c)
    judging = rare[counts[rare] >= MIN_SAMPLES_JUDGED]
    if not len(judging):
        needed = f"{MIN_SAMPLES_JUDGED} {data.kind.plural} that are needed to judge by"
        why = f"no class to be over-sampled has the {needed}: the shares that did best on other data are used"
        return Judgement(dict(fallback), why=why)
    seed = as_seed(random_state)
    with warnings.catch_warnings():  # two samples of a class are in two of three folds
        warnings.filterwarnings("ignore", "The least populated class")
        folds = list(StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(data.c, data.c))[:_ROUNDS]
    court = _Court(data, factories, rare, judging)
    mixtures = [{name: 1.0} for name in factories if name != BASE]
    presumed = [dict(fallback)] if data.kind.presumed else []
    for number, (taught, held) in enumerate(folds):
        court.open(taught, held, np.random.default_rng([seed, number]))
        for shares in (*presumed, *(one for one in mixtures if one not in presumed)):
            if time.process_time() - start < budget:
                court.hear(shares)
                logger.info("judge, round %d of %d: %s", number + 1, _ROUNDS, court.trial(shares))
        singles = sorted((t for t in court.trials() if len(t.shares) == 1), key=lambda t: -t.gain)[:_FINALISTS]
        mixtures = [t.shares for t in singles]
        if len(singles) == _FINALISTS:
            mixtures.append({name: 0.5 for t in singles for name in t.shares})
    trials = tuple(sorted(court.trials(), key=lambda trial: -trial.shrunk))
    plural = data.kind.plural
    clear = next((trial for trial in trials if trial.gain > trial.error), None)
    harmless = next((trial for trial in trials if trial.shares in presumed and trial.gain > -trial.error), None)
    if clear is not None:
        shares, why = clear.shares, f"best on held-out {plural}: {clear}"
    else:
        shares, why = {BASE: 1.0}, f"no source of new {plural} is clearly better than repeating real ones"
        if harmless is not None:
            shares, why = harmless.shares, f"{why}: the shares that did best on other data are used, {harmless}"
    found = Judgement(shares, trials, why, time.process_time() - start)
    logger.info("sources of new %s: %s", plural, found)
    return found


class _Court:
    """Trains classifiers with and without new images, fold by fold, and keeps how they do on each held-out image."""

    def __init__(
        self, data: Encoded, factories: Mapping[str, Callable[[], Source]], rare: np.ndarray, judging: np.ndarray
    ) -> None:
        self.data, self.factories, self.rare, self.judging = data, factories, rare, judging
        self._gains: dict[tuple[tuple[str, float], ...], list[tuple[np.ndarray, np.ndarray]]] = {}

    def open(self, taught: np.ndarray, held: np.ndarray, rng: np.random.Generator) -> None:
        """Begin a round: what is taught, what is held out."""
        self.part, self.rng, self.seed = self.data.take(taught), rng, as_seed(rng)
        self.kept = np.concatenate([np.flatnonzero(self.part.c == k)[:_MAX_TAUGHT] for k in np.unique(self.part.c)])
        self.x_held, self.c_held = reduce_size(self.data.floats(held)), self.data.c[held]
        self.sources: dict[str, Source] = {}
        self.base = self._right({BASE: 1.0})

    def hear(self, shares: dict[str, float]) -> None:
        """Try a mixture of sources in this round."""
        gain = self._right(shares).astype(float) - self.base
        self._gains.setdefault(tuple(shares.items()), []).append((gain, self.c_held))

    def trials(self) -> list[Trial]:
        """Return what was tried so far, all rounds pooled."""
        return [self.trial(dict(shares)) for shares in self._gains]

    def trial(self, shares: dict[str, float]) -> Trial:
        """Return how a mixture did in the rounds that it was tried in."""
        gains, classes = zip(*self._gains[tuple(shares.items())], strict=True)
        return Trial(shares, *self._pooled(np.concatenate(gains), np.concatenate(classes)))

    def _pooled(self, gain: np.ndarray, c: np.ndarray) -> tuple[float, float, int]:
        """Return the gain of the score, its standard error, and how many images it is from."""
        present = np.unique(c)
        judging = np.intersect1d(present, self.judging)
        weights = {k: 0.5 / len(present) + 0.5 * (k in judging) / len(judging) for k in present.tolist()}
        means = [weight * gain[c == k].mean() for k, weight in weights.items()]
        # one more image that changes its class, so that agreement on a few images is not taken for certainty
        errors = [w**2 * ((gain[c == k] ** 2).sum() + 1) / ((c == k).sum() + 1) ** 2 for k, w in weights.items()]
        return float(np.sum(means)), float(np.sqrt(np.sum(errors))), len(gain)

    def _right(self, shares: dict[str, float]) -> np.ndarray:
        """Train a classifier on what the over-sampler would return; say which held-out images it gets right."""
        counts = np.bincount(self.part.c)
        images, labels = [self.part.floats(self.kept)], [self.part.c[self.kept]]
        weights = [1 / counts[labels[0]]]
        for k in self.rare.tolist():
            missing = counts.max() - counts[k]
            n = min(missing, _MAX_TAUGHT)
            if n > 0:
                parts = [
                    self._source(name).draw(k, max(1, round(share * n)), self.rng) for name, share in shares.items()
                ]
                made = np.concatenate(parts)
                images.append(made)
                labels.append(np.full(len(made), k))
                weights[0][labels[0] == k] *= counts[k] / counts.max()  # the class's real images, of all it has then
                weights.append(np.full(len(made), missing / counts.max() / len(made)))
        x, c, drawn = np.concatenate([reduce_size(part) for part in images]), np.r_[*labels], np.r_[*weights]
        own = self.data.kind.classifier
        if callable(own):
            model = own(x.shape[1:]).fit(x.reshape(len(x), -1), c, sample_weight=drawn * len(x) / drawn.sum())
            return model.predict(self.x_held.reshape(len(self.x_held), -1)) == self.c_held
        return classify(x, c, drawn, self.x_held, steps=_STEPS, seed=self.seed) == self.c_held

    def _source(self, name: str) -> Source:
        if name not in self.sources:
            self.sources[name] = self.factories[name]().fit(self.part, self.rng)
        return self.sources[name]


def reduce_size(images: np.ndarray) -> np.ndarray:
    """Average images ``(n, channels, height, width)`` down to at most 32 pixels a side; leave other samples alone."""
    if images.ndim != 4:
        return images
    sides = min(_MAX_SIDE, images.shape[2]), min(_MAX_SIDE, images.shape[3])
    if sides == images.shape[2:]:
        return images
    return F.adaptive_avg_pool2d(torch.from_numpy(images), sides).numpy()

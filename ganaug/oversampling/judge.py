"""Which sources deserve a share of the new samples: held-out real data of the user decide."""

import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

from ganaug.core import registry
from ganaug.core.seeds import as_seed
from ganaug.data.encoded import Encoded
from ganaug.models.classifier import classify
from ganaug.oversampling.holdout import MIN_SAMPLES_JUDGED, ROUNDS, Round, find_clusters, hold_out
from ganaug.oversampling.sources import Source

if TYPE_CHECKING:
    from torchvision.transforms.v2 import Transform

BASE = "repeat"  # what every source is compared with: real images again, that is, random over-sampling
GAN_SHARE_OF_STEPS = 1 / 3  # that the judge trains the GAN for, twice: the whole costs at most twice a full training
_FINALISTS = 2  # sources that enter the second round
_MAX_TAUGHT = 1_000  # real images of a class that a classifier sees, and as many new ones at most
_MAX_SIDE = 32  # pixels that larger images are reduced to
_STEPS = 200  # of the classifier
_BASES = 2  # classifiers on repeated images in a round: every source is compared with them
_MIN_ERRORS = 1.5  # standard errors that a gain must exceed: of several sources the best is good by chance, too
_CLASS_STD = 0.04  # standard deviation of a source's gains among classes: assumed, so that no class decides alone
_MAX_REMEMBERED = 64  # judgements; the oldest is forgotten first
_TRUE_GAIN = 0.03  # standard deviation of true gains, by the dev sets: measured gains are shrunk towards 0 by it

logger = logging.getLogger("ganaug")

_remembered: dict[bytes, "Judgement"] = {}  # by the digest of images, settings and seed


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
    everywhere : bool
        Whether all classes got such images, half of each one's at least, as augmentation gives them.
    """

    shares: dict[str, float]
    gain: float
    error: float
    n: int
    everywhere: bool = False

    @property
    def shrunk(self) -> float:
        """The gain to be expected: shrunk towards 0 by its own error."""
        return self.gain * _TRUE_GAIN**2 / (_TRUE_GAIN**2 + self.error**2)

    @property
    def is_clear(self) -> bool:
        """Whether the gain is larger than 1.5 standard errors."""
        return self.gain > _MIN_ERRORS * self.error

    def __str__(self) -> str:
        mix = " + ".join(name if share == 1 else f"{share:g} {name}" for name, share in self.shares.items())
        mix += " for all classes" if self.everywhere else ""
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

    def augmentation(self) -> "Transform":
        """Return a transform of torchvision for images of *all* classes: what was found not to change a class.

        It does what those sources do whose images, given to all classes, gained by more than 1.5 standard errors;
        where there are none, nothing.

        Returns
        -------
        torchvision.transforms.v2.Transform
            For PIL images, ``tv_tensors`` and tensors ``(..., height, width)``; torch's generator draws.

        Examples
        --------
        >>> found = Judgement({"repeat": 1.0}, (Trial({"symmetry": 1.0}, 0.05, 0.01, 900, everywhere=True),))
        >>> found.augmentation().transforms
        [QuarterTurns()]
        """
        from torchvision.transforms import v2

        gaining = [name for t in self.trials if t.everywhere and t.is_clear for name in t.shares]
        return v2.Compose([registry.lookup("sources", name)().augmentation() for name in gaining] or [v2.Identity()])


class Case(NamedTuple):
    """What is tried: shares of sources, for rare classes or for all."""

    shares: tuple[tuple[str, float], ...]
    everywhere: bool = False


def judge(
    data: Encoded,
    factories: Mapping[str, Callable[[], Source]],
    rare: np.ndarray,
    *,
    budget: float,
    random_state: int,
) -> Judgement:
    """Try sources of new samples for rare classes on held-out real ones, and choose the shares.

    Rare classes have few samples to judge by. So in each of two rounds half of the frequent classes are thinned to the
    size of a rare one, and the samples they lost judge, beside a third of all other classes
    (`ganaug.oversampling.holdout.hold_out`). The sources learn what remains. A small classifier (a convolutional
    network of images, trained on class-balanced, augmented batches; what the kind brings for other data) learns what
    the over-sampler would return: with real samples repeated, and with half of the new ones from each source. The
    second round tries the two best sources again, the best one alone, and half of each. A source is chosen only if its
    gain is larger than 1.5 standard errors; a kind may say that its default shares are taken else, unless they lose as
    clearly.

    Parameters
    ----------
    data : Encoded
        Samples of all classes.
    factories : dict of str to callable
        From nothing to an unfitted source, by name; ``"repeat"`` is the base.
    rare : ndarray of int
        The classes that are to be over-sampled.
    budget : float
        Seconds of CPU after which no other source is tried.
    random_state : int
        Seeds the rounds, the sources and the classifiers.
    """
    start = time.process_time()
    counts = np.bincount(data.c)
    kind = data.kind
    presumed = [Case(tuple(kind.default_shares(data.codec).items()))] if kind.presumed else []
    clusters = find_clusters(data)
    rounds = [hold_out(data.c, clusters, rare, number, random_state) for number in range(ROUNDS)]
    if not len(rounds[0].thinned) and counts[rare].max() < MIN_SAMPLES_JUDGED:
        why = (
            f"no class to be over-sampled has the {MIN_SAMPLES_JUDGED} {kind.plural} that are needed to judge by, and "
            "there are not two frequent classes to be thinned in their place: "
        )
        if presumed:
            return Judgement(dict(presumed[0].shares), why=why + "the shares that did best on other data are used")
        return Judgement({BASE: 1.0}, why=f"{why}real {kind.plural} are repeated")
    court = _Court(data, factories, rare, clusters)
    cases = list(dict.fromkeys([*presumed, *(_with_repeats(name) for name in factories if name != BASE)]))
    unheard: list[str] = []
    for number, now in enumerate(rounds):
        for tried, case in enumerate(cases, 1):
            spent = time.process_time() - start
            if spent >= budget:
                unheard += [case.shares[0][0]] if number == 0 else []
                continue
            court.open(now, [random_state, number])
            court.hear(case)
            said = "judge, round %d of %d, %d of %d: %s (%.0f of at most %.0f s)"
            logger.info(said, number + 1, ROUNDS, tried, len(cases), court.trial(case), spent, budget)
        cases = list(dict.fromkeys([*presumed, *_finalists(court.trials(), factories)]))
    trials = tuple(sorted(court.trials(), key=lambda trial: -trial.shrunk))
    clear = next((trial for trial in trials if trial.is_clear and not trial.everywhere), None)
    usual = [dict(case.shares) for case in presumed]
    if clear is not None:
        shares, why = clear.shares, f"best on held-out {kind.plural}: {clear}"
    else:
        shares, why = {BASE: 1.0}, f"no source of new {kind.plural} is clearly better than repeating real ones"
        harmless = [t for t in trials if t.shares in usual and not t.everywhere and t.gain > -_MIN_ERRORS * t.error]
        if harmless:
            shares, why = harmless[0].shares, f"{why}: the shares that did best on other data are used, {harmless[0]}"
    if unheard:
        why += f"; judge_budget was spent before {', '.join(unheard)} was tried"
    found = Judgement(shares, trials, why, time.process_time() - start)
    logger.info("sources of new %s: %s", kind.plural, found)
    return found


def judge_once(
    data: Encoded,
    factories: Mapping[str, Callable[[], Source]],
    rare: np.ndarray,
    *,
    budget: float,
    random_state: int,
) -> Judgement:
    """Judge as `judge` does, or return what this process found for the same images, settings and seed before.

    Grid search and pipelines over-sample the same images again and again.
    """
    settings = data.kind.name, data.x.shape, data.x.dtype, rare.tolist(), factories, budget, random_state
    key = hashlib.sha256(repr(settings).encode())
    for array in (data.x, data.c):
        key.update(np.ascontiguousarray(array).tobytes())
    found = _remembered.pop(key.digest(), None)
    if found is None:
        found = judge(data, factories, rare, budget=budget, random_state=random_state)
    else:
        logger.info("sources of new %s, as judged before: %s", data.kind.plural, found)
    _remembered[key.digest()] = found
    while len(_remembered) > _MAX_REMEMBERED:
        _remembered.pop(next(iter(_remembered)))
    return found


def _with_repeats(name: str) -> Case:
    """Return half of new images from a source and half repeated: new ones alone would outnumber real ones by far."""
    return Case(((name, 0.5), (BASE, 0.5)))


def _finalists(trials: list[Trial], factories: Mapping[str, Callable[[], Source]]) -> list[Case]:
    """Return the two best sources again, the best one alone, and half of each if the second one gained, too.

    A source that clearly lost is not heard again. One that can do the same to images of all classes is heard so, too.
    """
    heard = [trial for trial in trials if BASE in trial.shares and trial.gain > -trial.error]
    best = sorted(heard, key=lambda trial: -trial.gain)[:_FINALISTS]
    names = [next(iter(trial.shares)) for trial in best]
    cases = [_with_repeats(name) for name in names] + [Case(((name, 1.0),)) for name in names[:1]]
    if len(names) > 1 and best[1].gain > 0:
        cases.append(Case(tuple((name, 0.5) for name in names)))
    return cases + [Case(((name, 1.0),), True) for name in names if factories[name]().augmentation() is not None]


class _Court:
    """Trains classifiers with and without new images, round by round, and keeps how they do on each held-out image."""

    def __init__(
        self, data: Encoded, factories: Mapping[str, Callable[[], Source]], rare: np.ndarray, clusters: np.ndarray
    ) -> None:
        self.data, self.factories, self.rare, self.clusters = data, factories, rare, clusters
        self.now: Round | None = None
        self._gains: dict[Case, dict[tuple[int, bool], list[np.ndarray]]] = {}

    def open(self, now: Round, seed: list[int]) -> None:
        """Begin a round, if it is not the one that is open."""
        if now is self.now:
            return
        self.now, rng = now, np.random.default_rng(seed)
        self.part, self.rng, self.seed = self.data.take(now.taught), rng, as_seed(rng)
        self.kept = np.concatenate([np.flatnonzero(self.part.c == k)[:_MAX_TAUGHT] for k in np.unique(self.part.c)])
        self.x_held, self.c_held = reduce_size(self.data.floats(now.held)), self.data.c[now.held]
        self.clusters_held = self.clusters[now.held]
        self.few = np.union1d(self.rare, now.thinned)
        self.sources: dict[str, Source] = {}
        self.base = np.mean([self._right(Case(((BASE, 1.0),)), self.seed + i) for i in range(_BASES)], axis=0)

    def hear(self, case: Case) -> None:
        """Try a mixture of sources in this round."""
        gain = self._right(case, self.seed) - self.base
        records = self._gains.setdefault(case, {})
        for k in np.unique(self.c_held).tolist():
            own = self.c_held == k
            _, clusters = np.unique(self.clusters_held[own], return_inverse=True)
            sums, sizes = np.bincount(clusters, gain[own]), np.bincount(clusters)
            records.setdefault((k, k in self.few), []).append(np.stack([sums, sizes]))

    def trials(self) -> list[Trial]:
        """Return what was tried so far, all rounds pooled."""
        return [self.trial(case) for case in self._gains]

    def trial(self, case: Case) -> Trial:
        """Return how a mixture did in the rounds that it was tried in.

        The gain of rare classes is measured on those and on the frequent ones thinned in their place, that of frequent
        classes on the others.
        """
        records = {key: np.concatenate(parts, axis=1) for key, parts in self._gains[case].items()}
        few, many = ([gains for (_, is_few), gains in records.items() if is_few == side] for side in (True, False))
        n_classes = len(self.data.classes)
        of_rare = 0.5 + 0.5 * len(self.rare) / n_classes  # of the score: recall of rare classes, and their part of all
        gains, errors = zip(_pooled(few), _pooled(many), strict=True)
        weights = np.array([of_rare, 1 - of_rare])
        error = float(np.sqrt(((weights * errors) ** 2).sum()))
        n = int(sum(sizes.sum() for _, sizes in records.values()))
        return Trial(dict(case.shares), float(weights @ gains), error, n, case.everywhere)

    def _right(self, case: Case, seed: int) -> np.ndarray:
        """Train a classifier on what the over-sampler would return; say which held-out images it gets right."""
        counts = np.bincount(self.part.c)
        images, labels = [self.part.floats(self.kept)], [self.part.c[self.kept]]
        weights = [1 / counts[labels[0]]]
        for k in range(len(counts)) if case.everywhere else self.few.tolist():
            new = max(1 - counts[k] / counts.max(), 0.5 if case.everywhere else 0)  # of the class's images
            n = min(round(new * counts.max()), _MAX_TAUGHT)
            if n > 0:
                made = np.concatenate(
                    [self._source(name).draw(k, max(1, round(share * n)), self.rng) for name, share in case.shares]
                )
                images.append(made)
                labels.append(np.full(len(made), k))
                weights[0][labels[0] == k] *= 1 - new
                weights.append(np.full(len(made), new / len(made)))
        x, c, drawn = np.concatenate([reduce_size(part) for part in images]), np.r_[*labels], np.r_[*weights]
        own = self.data.kind.classifier
        if callable(own):
            model = own(x.shape[1:]).fit(x.reshape(len(x), -1), c, sample_weight=drawn * len(x) / drawn.sum())
            named = model.predict(self.x_held.reshape(len(self.x_held), -1))
        else:
            named = classify(x, c, drawn, self.x_held, steps=_STEPS, seed=seed)
        return (named == self.c_held).astype(float)

    def _source(self, name: str) -> Source:
        if name not in self.sources:
            self.sources[name] = self.factories[name]().fit(self.part, self.rng)
        return self.sources[name]


def _pooled(classes: list[np.ndarray]) -> tuple[float, float]:
    """Return the mean of classes' gains and its standard error: a random-effects mean (DerSimonian & Laird 1986).

    Of each class, sums of gains and numbers of samples by cluster, ``(2, n_clusters)``: clusters are independent, the
    samples in them are not.
    """
    if not classes:
        return 0.0, 0.0
    means = np.array([sums.sum() / sizes.sum() for sums, sizes in classes])
    # one more cluster that changes its class, so that agreement on a few is not taken for certainty
    variances = np.array([((s**2).sum() + m.mean() ** 2) / (m.sum() + m.mean()) ** 2 for s, m in classes])
    weights = 1 / (variances + _CLASS_STD**2)
    return float(weights @ means / weights.sum()), float(weights.sum() ** -0.5)


def reduce_size(images: np.ndarray) -> np.ndarray:
    """Average images ``(n, channels, height, width)`` down to at most 32 pixels a side; leave other samples alone."""
    if images.ndim != 4:
        return images
    sides = min(_MAX_SIDE, images.shape[2]), min(_MAX_SIDE, images.shape[3])
    if sides == images.shape[2:]:
        return images
    return F.adaptive_avg_pool2d(torch.from_numpy(images), sides).numpy()

"""New texts of a class from real ones: edited, spliced, or written word by word."""

from abc import abstractmethod
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Self

import numpy as np
from ganaug.core.seeds import as_seed
from ganaug.data.encoded import Encoded
from ganaug.oversampling.sources import Source
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.naive_bayes import ComplementNB

from ganaug_text.classifier import count_ngrams
from ganaug_text.tokens import FIRST, PAD

_ROUNDS = 4  # of proposals, until enough of them are accepted
_UNLIKELY = 0.1  # real texts of the class that look less like it than what is accepted
_EDITS = 0.15  # of the words of a text
_SIGNS = (".", ";", "?", ":", "!", ",")  # that AEDA puts in
_ORDER = 3  # words that the next one is chosen by: two before it, and itself
_OWN = 0.8  # of the words are chosen as the class has them, the others as all texts do
_LONGER = 0.7  # of the words are chosen by the two before, the others by one

Words = list[int]


class Critic:
    """Accepts texts that are no copies, and look as much like their class as real ones.

    Naive Bayes on words and pairs; a text is accepted above the 10th percentile of the class's real texts.
    """

    def __init__(self, ids: np.ndarray, c: np.ndarray) -> None:
        counts = count_ngrams(ids)
        self.tfidf = TfidfTransformer(sublinear_tf=True).fit(counts)
        self.bayes = ComplementNB().fit(self.tfidf.transform(counts), c)
        margins = self.margins(ids, c)
        self.least = [float(np.quantile(margins[c == k], _UNLIKELY)) for k in range(c.max() + 1)]
        self.known = {row.tobytes() for row in ids.astype(np.int32)}

    def margins(self, ids: np.ndarray, c: np.ndarray) -> np.ndarray:
        """Return by how much each text looks more like its class than like any other, ``(n,)``."""
        scores = self.bayes.predict_joint_log_proba(self.tfidf.transform(count_ngrams(ids)))
        if scores.shape[1] == 1:
            return np.zeros(len(ids))
        own = scores[np.arange(len(ids)), c]
        scores[np.arange(len(ids)), c] = -np.inf
        return own - scores.max(axis=1)

    def accepts(self, ids: np.ndarray, condition: int) -> np.ndarray:
        """Return which texts are good enough, ``(n,)`` bool."""
        fresh = np.array([row.tobytes() not in self.known for row in ids.astype(np.int32)], dtype=bool)
        return fresh & (self.margins(ids, np.full(len(ids), condition)) >= self.least[condition])


class TextSource(Source):
    """Base of sources of texts: a subclass proposes, a `Critic` accepts; what is missing then are real texts again."""

    def fit(self, data: Encoded, rng: np.random.Generator) -> Self:
        """Learn words and classes of all texts."""
        self.seed = as_seed(rng)
        self.width = data.x.shape[1]
        self.codec = data.codec
        ids = data.x.astype(np.int64)
        self.ids, self.c = ids, data.c
        self.critic = Critic(ids, data.c)
        self.texts: list[list[Words]] = [[_words(row) for row in ids[data.c == k]] for k in range(len(data.classes))]
        self.learn()
        return self

    def learn(self) -> None:
        """Prepare what `propose` needs, from ``texts``, those of each class."""

    @abstractmethod
    def propose(self, condition: int, n: int, rng: np.random.Generator) -> list[Words]:
        """Return n texts that may be of a class."""

    def draw(self, condition: int, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n texts, ``(n, words)`` float32."""
        accepted, missing = [np.empty((0, self.width), np.int64)], n
        for _ in range(_ROUNDS):
            if missing <= 0:
                break
            ids = self._numbers(self.propose(condition, max(16, missing), rng))
            good = ids[self.critic.accepts(ids, condition)][:missing]
            accepted.append(good)
            missing -= len(good)
        own = self.ids[self.c == condition]
        accepted.append(own[rng.integers(len(own), size=max(0, missing))])
        return np.concatenate(accepted)[rng.permutation(n)].astype(np.float32)

    def _numbers(self, texts: Sequence[Words]) -> np.ndarray:
        ids = np.full((len(texts), self.width), PAD, np.int64)
        for row, words in zip(ids, texts, strict=True):
            row[: len(words)] = words[: self.width]
        return ids


class Edits(TextSource):
    """A text with some of its words exchanged, left out or swapped, or with signs put in.

    Easy data augmentation (Wei & Zou 2019, arXiv:1901.11196) and AEDA (Karimi et al. 2021, arXiv:2108.13230). Words are
    exchanged for others that stand between the same two neighbours somewhere in the data: no thesaurus is needed.
    """

    def learn(self) -> None:
        """Find which words stand in each other's place."""
        between: dict[tuple[int, int], set[int]] = defaultdict(set)
        for words in (words for own in self.texts for words in own):
            for before, word, after in zip([PAD, *words], words, [*words[1:], PAD], strict=False):
                between[before, after].add(word)
        self.between = {place: sorted(words) for place, words in between.items() if len(words) > 1}
        numbers = {word: i for i, word in enumerate(self.codec.vocabulary, start=FIRST)}  # type: ignore[attr-defined]
        self.signs = [numbers[form] for sign in _SIGNS for form in (f" {sign}", sign) if form in numbers]

    def propose(self, condition: int, n: int, rng: np.random.Generator) -> list[Words]:
        """Edit texts of the class."""
        own = self.texts[condition]
        return [self._edited(list(own[i]), rng) for i in rng.integers(len(own), size=n)]

    def _edited(self, words: Words, rng: np.random.Generator) -> Words:
        for _ in range(rng.integers(1, max(2, 1 + round(_EDITS * len(words)) + 1))):
            place = int(rng.integers(len(words)))
            before, after = (words[place - 1] if place else PAD), (words[place + 1] if place + 1 < len(words) else PAD)
            kind = rng.integers(4)
            if kind == 0 and self.signs:
                words.insert(place + 1, self.signs[rng.integers(len(self.signs))])
            elif kind == 1 and len(words) > 2:
                del words[place]
            elif kind == 2 and place and place + 1 < len(words):
                words[place], words[place + 1] = words[place + 1], words[place]
            elif (before, after) in self.between:
                others = self.between[before, after]
                words[place] = others[rng.integers(len(others))]
        return words


class SpanMix(TextSource):
    """The beginning of a text and the end of another of its class, joined at a word that both have.

    Where two texts share no word, they are cut at the same share of their lengths.
    """

    def propose(self, condition: int, n: int, rng: np.random.Generator) -> list[Words]:
        """Splice pairs of texts of the class."""
        own = self.texts[condition]
        pairs = rng.integers(len(own), size=(n, 2))
        return [self._spliced(own[i], own[j], rng) for i, j in pairs]

    def _spliced(self, first: Words, second: Words, rng: np.random.Generator) -> Words:
        places: dict[int, int] = {word: i for i, word in enumerate(second[:-1]) if i}
        shared = [(i, places[word]) for i, word in enumerate(first[:-1]) if i and word in places]
        if shared:
            i, j = shared[rng.integers(len(shared))]
            return first[:i] + second[j:]
        share = rng.uniform(0.3, 0.7)
        return first[: max(1, round(share * len(first)))] + second[round(share * len(second)) :]


class NGrams(TextSource):
    """Texts written word by word: each as it follows the two words before in the class, now and then in any text."""

    def learn(self) -> None:
        """Count which words follow which."""
        everything = [words for own in self.texts for words in own]
        self.own, self.all = [_followers(own) for own in self.texts], _followers(everything)

    def propose(self, condition: int, n: int, rng: np.random.Generator) -> list[Words]:
        """Write n texts."""
        return [self._written(condition, rng) for _ in range(n)]

    def _written(self, condition: int, rng: np.random.Generator) -> Words:
        words: Words = [PAD, PAD]
        while len(words) < self.width + 2:
            table = self.own[condition] if rng.random() < _OWN else self.all
            before = tuple(words[-2:]) if rng.random() < _LONGER else tuple(words[-1:])
            found = table.get(before) or self.own[condition].get(before) or self.all[tuple(words[-1:])]
            choices, shares = found
            word = int(choices[np.searchsorted(shares, rng.random(), side="right")])
            if word == PAD:
                break
            words.append(word)
        return words[2:] or self.texts[condition][int(rng.integers(len(self.texts[condition])))]


def _words(row: np.ndarray) -> Words:
    return [int(word) for word in row[row != PAD]]


def _followers(texts: Sequence[Words]) -> dict[tuple[int, ...], tuple[np.ndarray, np.ndarray]]:
    """Return, for one and two words before, which words follow and their cumulative shares."""
    counts: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    for words in texts:
        padded = [PAD, PAD, *words, PAD]
        for i in range(2, len(padded)):
            for order in range(1, _ORDER):
                counts[tuple(padded[i - order : i])][padded[i]] += 1
    found = {}
    for before, following in counts.items():
        total = np.cumsum(list(following.values()))
        found[before] = np.array(list(following)), total / total[-1]
    return found

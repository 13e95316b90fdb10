"""Whether texts are varied, and as likely as real ones: fidelity metrics for the kind ``"text"``."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from ganaug.evaluation.samples import Samples, Score

from ganaug_text.codec import TOKEN
from ganaug_text.tokens import PAD

_SMOOTHING = 0.1
_PAIRS = 0.7  # weight of pairs of words beside single ones


def distinct_n(real: Samples, made: Samples) -> dict[str, Score]:
    """Return the shares of different words and pairs of words (Li et al. 2016, arXiv:1510.03055).

    Of as many texts of either: the more texts, the smaller the shares.
    """
    if not _are_texts(made):
        return {}
    n = min(len(real), len(made))
    texts = _texts(made)[:n]
    return {f"distinct-{order}": Score(_distinct(texts, order), "real") for order in (1, 2)}


def perplexity(real: Samples, made: Samples) -> dict[str, Score]:
    """Return the perplexity under a smoothed model of pairs of words of the held-out texts."""
    if not _are_texts(made):
        return {}
    learnt, asked = _texts(real), _texts(made)
    single = Counter(word for words in learnt for word in (*words, PAD))
    pairs = Counter(pair for words in learnt for pair in zip([PAD, *words], [*words, PAD], strict=True))
    before = Counter(word for words in learnt for word in (PAD, *words))
    total, kinds = single.total(), len(single) + 1
    logs = []
    for words in asked:
        for first, second in zip([PAD, *words], [*words, PAD], strict=True):
            alone = (single[second] + _SMOOTHING) / (total + _SMOOTHING * kinds)
            following = pairs[first, second] / before[first] if before[first] else alone
            logs.append(np.log(_PAIRS * following + (1 - _PAIRS) * alone))
    return {"perplexity": Score(float(np.exp(-np.mean(logs))), "real")}


def _distinct(texts: Sequence[list[int]], order: int) -> float:
    grams = [tuple(words[i : i + order]) for words in texts for i in range(len(words) - order + 1)]
    return len(set(grams)) / max(1, len(grams))


def _texts(samples: Samples) -> list[list[int]]:
    return [row[row != PAD].astype(int).tolist() for row in samples.encoded]


def _are_texts(samples: Samples) -> bool:
    return bool(samples.spans) and samples.spans[0].activation == TOKEN

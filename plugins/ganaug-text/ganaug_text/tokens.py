"""Texts ↔ words: a word keeps the space before it, so that joining words gives the text back."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

PAD, UNKNOWN, FIRST = 0, 1, 2  # numbers of words: nothing, a word that was not there, the first that was
_WORD = re.compile(r"\s?\w+(?:['’]\w+)*|\s?[^\w\s]")


def split(text: str) -> list[str]:
    """Return the words and signs of a text whose runs of white space are single spaces.

    Examples
    --------
    >>> split("Who's  there?")
    [" Who's", ' there', '?']
    """
    return _WORD.findall(" " + " ".join(text.split()))


def join(words: Iterable[str]) -> str:
    """Return the text of words.

    Examples
    --------
    >>> join([" Who's", " there", "?"])
    "Who's there?"
    """
    return "".join(words).strip()


def count_words(texts: Sequence[Sequence[str]]) -> list[str]:
    """Return all words, the most frequent first, equal ones in alphabetical order."""
    counts = Counter(word for words in texts for word in words)
    return sorted(counts, key=lambda word: (-counts[word], word))

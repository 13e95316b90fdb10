"""What counts as a dependency rather than chance, and how levels are kept as plain values."""

import logging
from typing import Any

import numpy as np
import pandas as pd

MAX_COLUMNS = 200  # of a kind between which dependencies are looked for: the search is quadratic
MAX_ROWS_COMPARED = 5_000
MAX_LEVELS_COMPARED = 1_000  # of columns that determine, or are determined by, another
MAX_EXCEPTIONS = 0.005  # of the rows: data have errors
MIN_EVIDENCE = 20  # exceptions that independent columns would show on average; by chance none then once in e ** 20

logger = logging.getLogger("ganaug")


def is_plain(level: Any) -> bool:
    """Whether a level is a scalar that JSON can hold."""
    return np.ndim(level) == 0 and bool(pd.isna(level) or isinstance(plain(level), (str, int, float, bool)))


def plain(level: Any) -> Any:
    """Return a level as a Python scalar, None if it is missing."""
    return None if pd.isna(level) else level.item() if isinstance(level, np.generic) else level


def key(level: Any) -> Any:
    """Return a level as a key of a dict: every missing value is the same."""
    return None if pd.isna(level) else level


def as_objects(values: list[Any]) -> np.ndarray:
    """Return an array of objects, whatever they are."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def say_too_many(n: int, what: str, most: int = MAX_COLUMNS) -> None:
    """Log that a search was left out."""
    logger.warning("dependencies between %d %s are not looked for: more than %d", n, what, most)

"""From a user's ``random_state`` to one integer seed; no global generator is ever read or written."""

import secrets
from typing import Any

import numpy as np

from ganaug.core.errors import ConfigError

MAX_SEED = 2**31 - 1


def as_seed(random_state: Any) -> int:
    """Return an integer seed in [0, 2³¹ − 1).

    Parameters
    ----------
    random_state : int, numpy.random.RandomState, numpy.random.Generator or None
        An int is used as it is; a generator is asked for one integer (and so moves on); None draws fresh entropy.

    Examples
    --------
    >>> as_seed(7)
    7
    """
    if random_state is None:
        return secrets.randbelow(MAX_SEED)
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(MAX_SEED))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(MAX_SEED))
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool):
        if 0 <= random_state < 2**32:
            return int(random_state)
    raise ConfigError(
        f"random_state must be None, an int in [0, 2**32), a RandomState or a Generator; got {random_state!r}"
    )

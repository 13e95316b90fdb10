"""Nothing is judged on what was learnt from: equal samples are found by their digests."""

import warnings
from collections import Counter
from hashlib import blake2b

import numpy as np

from ganaug.core.errors import LeakageError

_SLACK = 0.005  # share of the held-out samples that may be repeated in any data, and 2 of them at least


class RepeatedSamplesWarning(UserWarning):
    """Some held-out samples equal training samples, no more than chance explains."""


def digests(encoded: np.ndarray) -> list[bytes]:
    """Return a digest of each sample of ``encoded (n, *sample_shape)``; equal samples have equal ones."""
    rows = np.ascontiguousarray(encoded.reshape(len(encoded), -1)) + np.float32(0)  # -0 becomes 0
    return [blake2b(row.tobytes(), digest_size=16).digest() for row in rows]


def digest(encoded: np.ndarray, c: np.ndarray) -> str:
    """Return a digest of samples and their classes in their order, for people to compare: 32 hexadecimal digits."""
    return blake2b(b"".join(digests(encoded)) + np.asarray(c, dtype=np.int64).tobytes(), digest_size=16).hexdigest()


def twin_rate(own: list[bytes]) -> float:
    """Return the share of samples that equal another one of the same data."""
    return sum(n for n in Counter(own).values() if n > 1) / len(own)


def check_leaks(training: list[bytes], held_out: list[bytes], synthetic: list[bytes]) -> tuple[str, ...]:
    """Compare digests; return what a reader should know.

    Tables of few distinct values repeat themselves: a new row then equals an old one by chance. How often is told by
    the training samples, whose share with a twin among themselves is the share expected of new ones. Some more than
    that (3 standard deviations, and 2 samples or 0.5 %) is a warning, beyond that an error.

    Parameters
    ----------
    training, held_out, synthetic : list of bytes
        From `digests`.

    Raises
    ------
    LeakageError
        If more held-out samples equal training samples, or synthetic ones, than chance explains.
    """
    expected = twin_rate(training)
    learnt, made, n = set(training), set(synthetic), len(held_out)
    shared = sum(digest in learnt for digest in held_out)
    by_chance = f"of the training samples {expected:.1%} have a twin among themselves"
    if shared > _most(expected, n):
        raise LeakageError(
            f"{shared:,} of {n:,} held-out samples ({shared / n:.1%}) are in the training data too; {by_chance}. "
            "Nothing can be judged on what was learnt from: hold out other samples"
        )
    fresh = [digest for digest in held_out if digest not in learnt]
    seen = sum(digest in made for digest in fresh)
    at_most = 1 - (1 - min(2 * expected, 1)) ** max(1, len(synthetic) / len(training))  # more draws hit more
    if seen > _most(at_most, len(fresh)):
        raise LeakageError(
            f"{seen:,} of {len(fresh):,} held-out samples ({seen / len(fresh):.1%}) are among the synthetic samples; "
            f"{by_chance}. What made them has seen the held-out data: train it on the training data alone"
        )
    if not shared and not seen:
        return ()
    said = f"{shared:,} of {n:,} held-out samples equal training samples, {seen:,} others equal synthetic ones"
    warnings.warn(f"{said}; {by_chance}", RepeatedSamplesWarning, stacklevel=3)
    return (f"{said}; {by_chance}.",)


def _most(expected: float, n: int) -> float:
    """Return how many of n samples may be repeated."""
    return n * expected + 3 * np.sqrt(n * expected * (1 - expected)) + max(2, _SLACK * n)

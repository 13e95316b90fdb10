"""The one line that ``ganaug train`` and ``ganaug synth`` end with: does it look real, and what to do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganaug.core.errors import Interrupted

if TYPE_CHECKING:
    import numpy as np

    from ganaug.evaluation.result import Answer
    from ganaug.models.synthesizer import Synthesizer

MAX_JUDGED = 2_000  # synthetic samples of a class
_MIN_MADE = 100


def judge_fidelity(
    gan: "Synthesizer", real: "tuple[np.ndarray, np.ndarray]", synthetic: "Mapping[Any, np.ndarray]"
) -> "Answer":
    """Judge the fidelity of classes against encoded real samples, as ``ganaug evaluate`` does.

    Parameters
    ----------
    gan : Synthesizer
    real : (ndarray, ndarray)
        Encoded samples, and their integer classes.
    synthetic : dict of label to ndarray
        Encoded samples.
    """
    from ganaug.evaluation.quick import compare_with_training

    made = {int(gan.classes.index([label])[0]): samples for label, samples in synthetic.items()}
    names = {int(gan.classes.index([label])[0]): str(label) for label in synthetic}
    return compare_with_training(gan.codec, real, made, names)


def judge_training(gan: "Synthesizer", X: Any, y: Any) -> "Answer":
    """Judge the fidelity of a model against what it has just learnt from."""
    import numpy as np
    from sklearn.utils import _safe_indexing

    from ganaug.evaluation.samples import evenly

    c = gan.classes.index(np.asarray(y))
    own = {k: np.flatnonzero(c == k) for k in np.unique(c).tolist()}
    rows = np.sort(np.concatenate([found[evenly(len(found), 2 * MAX_JUDGED)] for found in own.values()]))
    made = {}
    for k, found in own.items():
        n = min(MAX_JUDGED, max(_MIN_MADE, len(found)))
        made[gan.classes_[k]] = gan.codec.encode(gan.sample(n, label=gan.classes_[k], random_state=0))
    return judge_fidelity(gan, (gan.codec.encode(_safe_indexing(X, rows)), c[rows]), made)


@contextmanager
def judging(out: Path) -> Iterator[None]:
    """Say of an interruption inside the block that what was asked for is there."""
    try:
        yield
    except KeyboardInterrupt as error:
        interrupted = Interrupted(f"interrupted while judging; {out} is complete")
        interrupted.exit_code = getattr(error, "exit_code", interrupted.exit_code)
        raise interrupted from error


def verdict_line(found: "Answer | None") -> str:
    """Return the verdict in one line with what to do; `found` is None where there is nothing to compare with."""
    from ganaug.evaluation.words import ADVICE

    if found is None:
        return "Not judged: give --data, the real samples to compare with."
    return f"fidelity {found.verdict}. {ADVICE['fidelity'][found.verdict.grade]}"

"""Fidelity of samples against training data alone: what ``ganaug synth`` says at the end."""

from collections.abc import Mapping

import numpy as np

from ganaug.data.codec import Codec
from ganaug.data.kind import kind_named
from ganaug.evaluation.features import Features
from ganaug.evaluation.fidelity.answer import answer_fidelity
from ganaug.evaluation.result import Answer

_STEPS = 100  # of the network whose features images are compared by: fewer than for an evaluation, to take seconds


def compare_with_training(
    codec: Codec,
    real: tuple[np.ndarray, np.ndarray],
    made: Mapping[int, np.ndarray],
    names: Mapping[int, str],
    *,
    seed: int = 0,
) -> Answer:
    """Judge fidelity as `ganaug.evaluate` does, with one half of the real samples held against the other.

    Nothing is said about copies: the real samples are those that were learnt.

    Parameters
    ----------
    codec : Codec
    real : (ndarray, ndarray)
        Encoded real samples and their classes.
    made : dict of int to ndarray
        Encoded synthetic samples by class.
    names : dict of int to str
        Of these classes.
    """
    x, c = real
    kind = kind_named(codec.schema.kind)
    network, unseen = Features.fit(x, c, codec.spans, kind, network=None, seed=seed, steps=_STEPS)
    first = np.concatenate([unseen[c[unseen] == k][::2] for k in np.unique(c)])
    second = np.setdiff1d(unseen, first)
    x_made = np.concatenate(list(made.values()))
    c_made = np.repeat(list(made), [len(own) for own in made.values()])
    return answer_fidelity(
        network(x[np.sort(first)], c[np.sort(first)]),
        network(x[second], c[second]),
        network(x_made, c_made),
        names,
        metrics=[name for name in kind.metrics if name in ("prdc", "c2st")],
        columns=[column.name for column in getattr(codec.schema, "columns", ())],
        rng=np.random.default_rng(seed),
    )

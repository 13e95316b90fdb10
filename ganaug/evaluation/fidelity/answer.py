"""Whether synthetic samples look like real ones that nobody learnt from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier

from ganaug.core import registry
from ganaug.core.schema import ImageSchema, TableSchema
from ganaug.evaluation.fidelity.marginals import by_column
from ganaug.evaluation.fidelity.two_sample import TWO_SAMPLE
from ganaug.evaluation.result import OVERALL, Answer, Measurement, Verdict
from ganaug.evaluation.samples import Samples, evenly

METRICS = {
    "image": ("frechet", "kernel", "class-score", "neighbourhoods", "spectrum", "two-sample"),
    "table": ("columns", "pairs", "neighbourhoods", "two-sample"),
}
_FEWEST = 10  # samples of a class in each of the three sets
_MOST = 5_000  # of a class; more are thinned
_PROJECTED = 1_000  # points of each source in the projection
_COMPONENTS = 16  # that are kept of them
_FEW = 30  # held-out samples of a class: fewer make the numbers crude
_TOLD = 0.7, 0.9  # lower bound of the two-sample AUC up to which samples look real, and are still similar
_REACHED = 0.8, 0.5  # of what real samples reach, the same
AGREEMENT = "agreement"
_SAID: dict[str, tuple[str, float | None]] = {  # in words, and what any samples reach; None: by chance
    "precision": ("{:.0%} lie among the real ones of their class (of other real ones {:.0%})", 0.0),
    "coverage": ("they cover {:.0%} of the real ones of their class (other real ones {:.0%})", 0.0),
    AGREEMENT: ("a classifier of the real data calls {:.0%} of them by their class (of real ones {:.0%})", None),
}
_TELLING = 0.1  # a number that real samples reach by no more than this does not tell
_WORDS = {
    "good": "looks like the real data",
    "fair": "similar, but can be told from the real data",
    "bad": "does not look like the real data",
}


def answer_fidelity(
    training: Samples,
    held_out: Samples,
    made: Samples,
    names: Mapping[int, str],
    schema: TableSchema | ImageSchema,
    *,
    metrics: Sequence[str],
    rng: np.random.Generator,
) -> Answer:
    """Compare held-out samples with synthetic ones, and with as many training samples, by class and together.

    Parameters
    ----------
    training, held_out, made : Samples
    names : dict of int to str
        Of classes.
    schema : TableSchema or ImageSchema
    metrics : sequence of str
        Names registered in ``ganaug.metrics``.
    rng : numpy.random.Generator
        Draws equally many training and synthetic samples.
    """
    functions = [registry.lookup("metrics", name) for name in metrics]
    triples = {}
    for condition, name in names.items():
        real, learnt, own = (samples.of(condition) for samples in (held_out, training, made))
        n = min(len(learnt), len(own), _MOST)
        if min(len(real), n) >= _FEWEST:
            triples[name] = (real[evenly(len(real), _MOST)], _drawn(learnt, n, rng), _drawn(own, n, rng))
    if not triples:
        because = f"no class has {_FEWEST} training, held-out and synthetic samples"
        return Answer("fidelity", Verdict("open", "cannot be judged", because), ())
    together = _together(triples.values())
    measured = {name: list(_measured(name, triple, functions)) for name, triple in triples.items()}
    agreed = _agreements(training, triples)
    for name, found in agreed.items():
        measured[name].append(found)
    overall = [*_measured(OVERALL, together, functions), *_overall_agreement(agreed)]
    few = [f"{name} ({len(real)})" for name, (real, _, _) in triples.items() if len(real) < _FEW]
    left_out = [name for name in names.values() if name not in triples]
    notes = (
        [f"Fidelity of {', '.join(left_out)} is not judged: fewer than {_FEWEST} samples to compare."]
        if left_out
        else []
    )
    notes += [f"Few held-out samples make fidelity a crude number: {', '.join(few)}."] if few else []
    drawn = {"projection": _projection(*together, names)}
    if isinstance(schema, TableSchema):
        drawn["columns"] = pd.DataFrame(list(_columns(triples | {OVERALL: together}, schema)))
    everything = (*overall, *(found for own in measured.values() for found in own))
    chance = 1 / max(1, len(np.unique(training.c)))
    return Answer("fidelity", _verdict(measured, chance), everything, tuple(notes), drawn)


def _drawn(samples: Samples, n: int, rng: np.random.Generator) -> Samples:
    return samples[np.sort(rng.choice(len(samples), n, replace=False))]


def _measured(subject: str, triple: tuple[Samples, Samples, Samples], functions: list) -> Iterator[Measurement]:
    real, learnt, made = triple
    for function in functions:
        reference = function(real, learnt)
        for metric, score in function(real, made).items():
            bounds = (
                {} if score.error is None else {"low": score.value - score.error, "high": score.value + score.error}
            )
            yield Measurement(subject, metric, score.value, **bounds, real=reference[metric].value, better=score.better)


def _together(triples: Iterable[tuple[Samples, Samples, Samples]]) -> tuple[Samples, Samples, Samples]:
    """Join the classes in the shares of the training samples, as far as there are synthetic ones."""
    real, learnt, made = (_joined(parts) for parts in zip(*triples, strict=True))
    return real, learnt, made


def _joined(parts: Sequence[Samples]) -> Samples:
    first = parts[0]
    logits = None if first.logits is None else np.concatenate([p.logits for p in parts if p.logits is not None])
    encoded, c, features = (np.concatenate([getattr(p, name) for p in parts]) for name in ("encoded", "c", "features"))
    return Samples(encoded, c, features, logits, first.spans)


def _agreements(training: Samples, triples: Mapping[str, tuple[Samples, Samples, Samples]]) -> dict[str, Measurement]:
    """Measure how many samples a classifier of the training data calls by the class that they stand for."""
    present = np.unique(training.c)
    if len(present) < 2:
        return {}
    some = np.concatenate([own[evenly(len(own), _MOST)] for own in (np.flatnonzero(training.c == k) for k in present)])
    trees = ExtraTreesClassifier(100, min_samples_leaf=2, class_weight="balanced", random_state=0)
    trees.fit(training.features[some], training.c[some])
    found = {}
    for name, (real, _, made) in triples.items():
        value, reference = (float((trees.predict(samples.features) == samples.c).mean()) for samples in (made, real))
        found[name] = Measurement(name, AGREEMENT, value, real=reference)
    return found


def _overall_agreement(found: Mapping[str, Measurement]) -> Iterator[Measurement]:
    if found:
        value, real = (float(np.mean([getattr(m, part) for m in found.values()])) for part in ("value", "real"))
        yield Measurement(OVERALL, AGREEMENT, value, real=real)


def _verdict(measured: Mapping[str, list[Measurement]], chance: float) -> Verdict:
    """Judge the mean over classes of four numbers; the worst counts."""
    found = [{m.metric: m for m in own} for own in measured.values()]
    auc, real = (np.mean([max(0.5, getattr(own[TWO_SAMPLE], part)) for own in found]) for part in ("value", "real"))
    because = f"a classifier tells them from real ones of their class with an AUC of {auc:.2f} (real ones: {real:.2f})"
    low = float(np.mean([max(0.5, own[TWO_SAMPLE].low) for own in found]))
    verdicts = [_graded(low <= _TOLD[0], low <= _TOLD[1], because)]
    for metric, (said, floor) in _SAID.items():
        if metric not in found[0]:
            continue
        value, real = (np.mean([getattr(own[metric], part) for own in found]) for part in ("value", "real"))
        floor = chance if floor is None else floor
        if real - floor >= _TELLING:
            reached = (value - floor) / (real - floor)
            verdicts.append(_graded(reached >= _REACHED[0], reached >= _REACHED[1], said.format(value, real)))
    return max(verdicts, key=lambda verdict: list(_WORDS).index(verdict.grade))


def _graded(good: bool, fair: bool, because: str) -> Verdict:
    grade: Literal["good", "fair", "bad"] = "good" if good else "fair" if fair else "bad"
    return Verdict(grade, _WORDS[grade], because)


def _columns(triples: Mapping[str, tuple[Samples, Samples, Samples]], schema: TableSchema) -> Iterator[dict]:
    for subject, (real, learnt, made) in triples.items():
        pairs = zip(by_column(real, made), by_column(real, learnt), strict=True)
        for (position, metric, value), (_, _, reference) in pairs:
            name = str(schema.columns[position].name)
            yield {"column": name, "metric": metric, "subject": subject, "value": value, "real": reference}


def _projection(real: Samples, learnt: Samples, made: Samples, names: Mapping[int, str]) -> pd.DataFrame:
    """Return principal components of the held-out samples' features, and where the others fall; two are ``x, y``."""
    sources = {"training": learnt, "held out": real, "synthetic": made}
    dim = min(_COMPONENTS, *real.features.shape)
    pca = PCA(dim, svd_solver="randomized", random_state=0).fit(real.features)
    columns = ["x", "y", *(f"component {i}" for i in range(3, dim + 1))]
    frames = []
    for source, samples in sources.items():
        some = samples[evenly(len(samples), _PROJECTED)]
        frame = pd.DataFrame(pca.transform(some.features), columns=columns[:dim]).assign(source=source)
        frames.append(frame.assign(subject=[names[k] for k in some.c.tolist()], **({"y": 0.0} if dim < 2 else {})))
    return pd.concat(frames, ignore_index=True)

"""Whether synthetic samples look like real ones that nobody learnt from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from ganaug.core import registry
from ganaug.evaluation.fidelity.agreement import AGREEMENT, agree
from ganaug.evaluation.fidelity.c2st import C2ST
from ganaug.evaluation.fidelity.constraints import Rule
from ganaug.evaluation.fidelity.correlations import compare_pairs
from ganaug.evaluation.fidelity.limits import (
    WORDS,
    judge_agreement,
    judge_auc,
    judge_columns,
    judge_rules,
    judge_shares,
)
from ganaug.evaluation.fidelity.marginals import by_column
from ganaug.evaluation.intervals import MIN_HELD_OUT, proportion_interval
from ganaug.evaluation.result import OVERALL, Answer, Measurement, Verdict, worst
from ganaug.evaluation.samples import Samples, evenly, join

_MIN_MEASURED = 10  # samples of a class in each of the three sets: with fewer there are no numbers
_MAX_SAMPLES = 5_000  # of a class; more are thinned
_MAX_PROJECTED = 1_000  # points of each source in the projection
_N_COMPONENTS = 16  # that are kept of them
_FEW = 30  # held-out samples of a class: fewer make the numbers crude
_MAX_RULES_TOLD = 5
_PAIR_COLUMNS = ["subject", "first", "second", "real", "made", "difference"]
_CLASS_MEANS = {AGREEMENT, C2ST, "precision", "recall", "density", "coverage"}  # over all classes: what verdicts judge


def answer_fidelity(
    training: Samples,
    held_out: Samples,
    made: Samples,
    names: Mapping[int, str],
    *,
    metrics: Sequence[str],
    columns: Sequence[Any] = (),
    rules: Sequence[Rule] = (),
    rng: np.random.Generator,
) -> Answer:
    """Compare held-out samples with synthetic ones, and with as many training samples, by class and together.

    Parameters
    ----------
    training, held_out, made : Samples
    names : dict of int to str
        Of classes.
    metrics : sequence of str
        Names registered in ``ganaug.metrics``.
    columns : sequence, default=()
        Names of the columns of a table; empty for what has none.
    rules : sequence of Rule, default=()
        That synthetic rows break.
    rng : numpy.random.Generator
        Draws equally many training and synthetic samples.
    """
    functions = [registry.lookup("metrics", name) for name in metrics]
    triples = {}
    for condition, name in names.items():
        real, learnt, own = (samples.of_class(condition) for samples in (held_out, training, made))
        n = min(len(learnt), len(own), _MAX_SAMPLES)
        if min(len(real), n) >= _MIN_MEASURED:
            triples[name] = (real[evenly(len(real), _MAX_SAMPLES)], _drawn(learnt, n, rng), _drawn(own, n, rng))
    broken = list(judge_rules(rules))
    rule_notes = [
        f"{rule.made:.1%} of the synthetic rows, {rule.real:.1%} of the real ones, break the rule “{rule.text}”."
        for rule in rules[:_MAX_RULES_TOLD]
    ]
    if not triples:
        because = f"no class has {_MIN_MEASURED} training, held-out and synthetic samples"
        verdict = Verdict("cannot be judged", WORDS["cannot be judged"], because)
        return Answer("fidelity", worst([verdict, *broken]), (), tuple(rule_notes))
    together = _together(triples.values())
    measured = {name: list(_measured(name, triple, functions)) for name, triple in triples.items()}
    agreed = agree(training, triples)
    sizes = {name: len(real) for name, (real, _, _) in triples.items()}
    drawn_sizes = {name: len(own) for name, (_, _, own) in triples.items()}
    chance = 1 / max(1, len(np.unique(training.c)))
    by_columns = list(judge_columns(triples, columns)) if len(columns) else []
    verdicts = [
        *judge_auc(measured, sizes),
        *judge_shares(measured, sizes, drawn_sizes),
        *judge_agreement(agreed, chance),
        *(verdict for verdict, _ in by_columns),
        *broken,
    ]
    for name, parts in agreed.items():
        measured[name].append(_agreement(name, *parts))
    overall = [m for m in _measured(OVERALL, together, functions) if m.metric not in _CLASS_MEANS]
    overall += _class_means(measured)
    few = [f"{name} ({n})" for name, n in sizes.items() if n < _FEW]
    left_out = [name for name in names.values() if name not in triples]
    short = [name for name in names.values() if sizes.get(name, 0) < MIN_HELD_OUT]
    if short:
        verdicts.append(_too_few(short, {k: int((held_out.c == k).sum()) for k in names}, names))
    notes = [said for _, said in by_columns] + rule_notes
    notes += (
        [f"Fidelity of {', '.join(left_out)} is not judged: fewer than {_MIN_MEASURED} samples to compare."]
        if left_out
        else []
    )
    notes += [f"Few held-out samples make fidelity a crude number: {', '.join(few)}."] if few else []
    drawn = {"projection": _projection(*together, names)}
    if len(columns):
        drawn["columns"] = pd.DataFrame(list(_columns(triples | {OVERALL: together}, columns)))
        rarest = min(triples, key=lambda name: len(training.of_class(int(triples[name][0].c[0]))))
        drawn["correlations"] = pd.DataFrame(_pairs(rarest, triples[rarest], columns), columns=_PAIR_COLUMNS)
    everything = (*overall, *(found for own in measured.values() for found in own))
    return Answer("fidelity", worst(verdicts), everything, tuple(notes), drawn)


def _too_few(short: Sequence[str], held: Mapping[int, int], names: Mapping[int, str]) -> Verdict:
    counts = {name: held[k] for k, name in names.items()}
    name = min(short, key=lambda name: counts[name])
    because = f"class {name} cannot be judged with {counts[name]} held-out samples; {MIN_HELD_OUT} are the least"
    return Verdict("cannot be judged", WORDS["cannot be judged"], because, n=counts[name], limit=MIN_HELD_OUT)


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
    real, learnt, made = (join(parts) for parts in zip(*triples, strict=True))
    return real, learnt, made


def _agreement(name: str, made: np.ndarray, real: np.ndarray) -> Measurement:
    low, high = proportion_interval(made.sum(), len(made))
    return Measurement(name, AGREEMENT, float(made.mean()), low, high, real=float(real.mean()))


def _class_means(measured: Mapping[str, Sequence[Measurement]]) -> Iterator[Measurement]:
    """Yield the means over classes of the metrics that verdicts judge by them: one number for one thing."""
    found: dict[str, list[Measurement]] = {}
    for own in measured.values():
        for m in own:
            if m.metric in _CLASS_MEANS:
                found.setdefault(m.metric, []).append(m)
    for metric, own in found.items():
        value, real = (float(np.mean([getattr(m, part) for m in own])) for part in ("value", "real"))
        half = float(np.sqrt(np.sum([((m.high - m.low) / 2) ** 2 for m in own]))) / len(own)
        yield Measurement(OVERALL, metric, value, value - half, value + half, real=real, better=own[0].better)


def _columns(triples: Mapping[str, tuple[Samples, Samples, Samples]], columns: Sequence[Any]) -> Iterator[dict]:
    for subject, (real, learnt, made) in triples.items():
        pairs = zip(by_column(real, made), by_column(real, learnt), strict=True)
        for (position, metric, value), (_, _, reference) in pairs:
            name = str(columns[position])
            yield {"column": name, "metric": metric, "subject": subject, "value": value, "real": reference}


def _pairs(
    subject: str, triple: tuple[Samples, Samples, Samples], columns: Sequence[Any]
) -> Iterator[tuple[str, str, str, float, float, float]]:
    """Yield how the dependence of each pair of columns differs in one class."""
    held, learnt, made = triple
    for d in compare_pairs(join([held, learnt]), made):
        yield subject, str(columns[d.first]), str(columns[d.second]), d.real, d.made, d.made - d.real


def _projection(real: Samples, learnt: Samples, made: Samples, names: Mapping[int, str]) -> pd.DataFrame:
    """Return principal components of the held-out samples' features, and where the others fall; two are ``x, y``."""
    sources = {"training": learnt, "held out": real, "synthetic": made}
    dim = min(_N_COMPONENTS, *real.features.shape)
    pca = PCA(dim, svd_solver="randomized", random_state=0).fit(real.features)
    columns = ["x", "y", *(f"component {i}" for i in range(3, dim + 1))]
    frames = []
    for source, samples in sources.items():
        some = samples[evenly(len(samples), _MAX_PROJECTED)]
        frame = pd.DataFrame(pca.transform(some.features), columns=columns[:dim]).assign(source=source)
        frames.append(frame.assign(subject=[names[k] for k in some.c.tolist()], **({"y": 0.0} if dim < 2 else {})))
    return pd.concat(frames, ignore_index=True)

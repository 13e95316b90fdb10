"""Whether synthetic samples look like real ones that nobody learnt from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from ganaug.core import registry
from ganaug.core.schema import ImageSchema, TableSchema
from ganaug.evaluation.metrics.columns import by_column
from ganaug.evaluation.result import OVERALL, Answer, Measurement, Verdict
from ganaug.evaluation.samples import Samples, evenly

METRICS = {
    "image": ("frechet", "kernel", "class-score", "neighbourhoods", "two-sample"),
    "table": ("columns", "pairs", "neighbourhoods", "two-sample"),
}
_FEWEST = 10  # samples of a class in each of the three sets
_MOST = 5_000  # of a class; more are thinned
_PROJECTED = 1_000  # points of each source in the projection
_GOOD, _FAIR = 0.8, 0.5  # of what real training samples reach


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
    measured = {name: list(_measured(name, triple, functions)) for name, triple in triples.items()}
    together = _together(triples.values())
    overall = list(_measured(OVERALL, together, functions))
    left_out = [name for name in names.values() if name not in triples]
    notes = (f"Fidelity of {', '.join(left_out)} is not judged: fewer than {_FEWEST} samples.",) if left_out else ()
    drawn = {"projection": _projection(*together, names)}
    if isinstance(schema, TableSchema):
        drawn["columns"] = pd.DataFrame(list(_columns(triples | {OVERALL: together}, schema)))
    everything = (*overall, *(found for own in measured.values() for found in own))
    return Answer("fidelity", _verdict(measured), everything, notes, drawn)


def _drawn(samples: Samples, n: int, rng: np.random.Generator) -> Samples:
    return samples[np.sort(rng.choice(len(samples), n, replace=False))]


def _measured(subject: str, triple: tuple[Samples, Samples, Samples], functions: list) -> Iterator[Measurement]:
    real, learnt, made = triple
    for function in functions:
        reference = function(real, learnt)
        for metric, score in function(real, made).items():
            yield Measurement(subject, metric, score.value, real=reference[metric].value, better=score.better)


def _together(triples: Iterable[tuple[Samples, Samples, Samples]]) -> tuple[Samples, Samples, Samples]:
    """Join the classes in the shares of the training samples, as far as there are synthetic ones."""
    real, learnt, made = (_joined(parts) for parts in zip(*triples, strict=True))
    return real, learnt, made


def _joined(parts: Sequence[Samples]) -> Samples:
    first = parts[0]
    logits = None if first.logits is None else np.concatenate([p.logits for p in parts if p.logits is not None])
    arrays = (np.concatenate([getattr(p, name) for p in parts]) for name in ("encoded", "c", "features"))
    return Samples(*arrays, logits, first.spans)


def _verdict(measured: Mapping[str, list[Measurement]]) -> Verdict:
    shares = {}
    for name, found in measured.items():
        by_metric = {m.metric: m for m in found}
        shares[name] = {
            metric: by_metric[metric].value / by_metric[metric].real
            for metric in ("precision", "coverage")
            if metric in by_metric and by_metric[metric].real
        }
    means = {metric: float(np.mean([own[metric] for own in shares.values()])) for metric in ("precision", "coverage")}
    return Verdict("open", "?", str(means))


def _columns(triples: Mapping[str, tuple[Samples, Samples, Samples]], schema: TableSchema) -> Iterator[dict]:
    for subject, (real, learnt, made) in triples.items():
        pairs = zip(by_column(real, made), by_column(real, learnt), strict=True)
        for (position, metric, value), (_, _, reference) in pairs:
            name = str(schema.columns[position].name)
            yield {"column": name, "metric": metric, "subject": subject, "value": value, "real": reference}


def _projection(real: Samples, learnt: Samples, made: Samples, names: Mapping[int, str]) -> pd.DataFrame:
    """Return two principal components of the held-out samples' features, and where the others fall."""
    sources = {"training": learnt, "held out": real, "synthetic": made}
    pca = PCA(2, random_state=0).fit(real.features)
    frames = []
    for source, samples in sources.items():
        some = samples[evenly(len(samples), _PROJECTED)]
        x, y = pca.transform(some.features).T
        frames.append(pd.DataFrame({"x": x, "y": y, "subject": [names[k] for k in some.c.tolist()], "source": source}))
    return pd.concat(frames, ignore_index=True)

"""What decides about fidelity: every number against its limit, relative to what real samples reach."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from ganaug.evaluation.fidelity.c2st import C2ST
from ganaug.evaluation.fidelity.constraints import Rule
from ganaug.evaluation.fidelity.correlations import compare_pairs
from ganaug.evaluation.fidelity.marginals import compare_columns
from ganaug.evaluation.intervals import LEVEL, difference_interval
from ganaug.evaluation.result import OVERALL, Grade, Measurement, Verdict
from ganaug.evaluation.samples import Samples, join

# Each limit says how much worse than real samples synthetic ones may be: up to the first they pass, beyond the second
# they fail. They were set by reasoning and tried on planted cases (examples/benchmarks/evaluation.py), never swept.
AUC_LIMITS = 0.12, 0.40  # of the C2ST AUC above one half
SHARE_LIMITS = 0.20, 0.50  # of precision and coverage, as a share of what real samples reach
AGREEMENT_LIMITS = 0.15, 0.40  # of agreement
COLUMN_LIMITS = 0.10, 0.50  # of a single column's or pair's difference, where chance does not explain it
RULE_LIMITS = 0.01, 0.30  # of rows that break a rule
_CHANCE = 1e-3  # a column or a pair differs if chance gives as much less often, after Bonferroni
_TELLING = 0.1  # a share that real samples reach by no more than this does not tell
WORDS: dict[Grade, str] = {
    "good": "looks like the real data",
    "doubtful": "similar, but can be told from the real data",
    "bad": "does not look like the real data",
    "cannot be judged": "cannot be judged",
}
_SHARES = {
    "precision": "{:.0%} lie among the real ones of {} (of other real ones {:.0%})",
    "coverage": "they cover {:.0%} of the real ones of {} (other real ones {:.0%})",
}


def grade(low: float, value: float, high: float, limits: tuple[float, float]) -> Grade:
    """Return the grade of a loss with its interval: good only if it is surely within the limit."""
    if low > limits[1]:
        return "bad"
    if high <= limits[0]:
        return "good"
    return "doubtful" if value > limits[0] else "cannot be judged"


def judge_auc(measured: Mapping[str, Sequence[Measurement]], sizes: Mapping[str, int]) -> Iterator[Verdict]:
    """Yield verdicts on the C2ST AUC: of the mean over classes, and of the class that is told best."""
    found = {name: m for name, own in measured.items() for m in own if m.metric == C2ST}
    if not found:
        return
    excess = max(0.0, float(np.mean([m.real for m in found.values()])) - 0.5)
    limits = AUC_LIMITS[0] + excess, AUC_LIMITS[1] + excess
    text = "a classifier tells them from real ones of {} with an AUC of {:.2f} (other real ones: {:.2f})"
    losses = {name: (m.value - 0.5, (m.value - m.low) / 1.96, m.real) for name, m in found.items()}
    for subject, value, low, high, real in _class_losses(losses):
        said = text.format(_class(subject), value + 0.5, real)
        ends = value + 0.5, low + 0.5, high + 0.5
        yield _verdict(subject, (low, value, high), limits, said, _least(sizes, subject), ends, 0.5 + limits[0])


def judge_shares(
    measured: Mapping[str, Sequence[Measurement]], sizes: Mapping[str, int], made: Mapping[str, int]
) -> Iterator[Verdict]:
    """Yield verdicts on precision and coverage, as shares of what real samples reach."""
    for metric, text in _SHARES.items():
        found = {name: m for name, own in measured.items() for m in own if m.metric == metric}
        if not found or np.mean([m.real for m in found.values()]) < _TELLING:
            continue
        losses = {}
        for name, m in found.items():
            n = sizes[name] if metric == "coverage" else made[name]
            loss, low, high = difference_interval(m.real * n, n, m.value * n, n)
            losses[name] = loss, (high - low) / 2 / 1.96, m.real
        for subject, loss, low, high, real in _class_losses(losses):
            scaled = (low / real, loss / real, high / real) if real else (0.0, 0.0, 0.0)
            said = text.format(real - loss, _class(subject), real)
            ends = real - loss, real - high, real - low
            limit = real * (1 - SHARE_LIMITS[0])
            yield _verdict(subject, scaled, SHARE_LIMITS, said, _least(sizes, subject), ends, limit)


def judge_agreement(agreed: Mapping[str, tuple[np.ndarray, np.ndarray]], chance: float) -> Iterator[Verdict]:
    """Yield verdicts on labels: how many fewer synthetic samples than real ones are called by their class."""
    if not agreed or np.mean([real.mean() for _, real in agreed.values()]) - chance < _TELLING:
        return
    text = "a classifier of the real data calls {:.0%} of {} by its class (of real ones {:.0%})"
    losses = {}
    for name, (made, real) in agreed.items():
        loss, low, high = difference_interval(real.sum(), len(real), made.sum(), len(made))
        losses[name] = loss, (high - low) / 2 / 1.96, float(real.mean())
    sizes = {name: len(real) for name, (_, real) in agreed.items()}
    for subject, loss, low, high, usual in _class_losses(losses):
        said = text.format(usual - loss, _class(subject), usual)
        ends = usual - loss, usual - high, usual - low
        n = _least(sizes, subject)
        yield _verdict(subject, (low, loss, high), AGREEMENT_LIMITS, said, n, ends, usual - AGREEMENT_LIMITS[0])


def judge_columns(
    triples: Mapping[str, tuple[Samples, Samples, Samples]], names: Sequence[Any]
) -> Iterator[tuple[Verdict, str]]:
    """Yield verdicts on the single column, and on the pair of columns, that differs most from the real rows of a class.

    Real rows are held-out and training rows together: twice as many show twice as small a difference.
    """
    columns, pairs = [], []
    for subject, (held, learnt, made) in triples.items():
        real = join([held, learnt])
        usual = list(compare_columns(held, learnt))
        for (i, value, p), (_, ordinary, _) in zip(compare_columns(real, made), usual, strict=True):
            columns.append((value - ordinary, p, value, subject, len(real), f"column {names[i]}"))
        usual_pairs = {(d.first, d.second): abs(d.made - d.real) for d in compare_pairs(held, learnt)}
        for d in compare_pairs(real, made):
            pair = f"the correlation of {names[d.first]} and {names[d.second]} ({d.made:.2f}, real {d.real:.2f})"
            value = abs(d.made - d.real)
            surplus = value - min(usual_pairs.get((d.first, d.second), 0.0), COLUMN_LIMITS[0])
            pairs.append((surplus, d.p, value, subject, len(real), pair))
    for found in (columns, pairs):
        surely = [entry for entry in found if entry[1] * len(found) < _CHANCE and entry[0] > COLUMN_LIMITS[0] / 2]
        for surplus, _, value, subject, n, text in sorted(surely, key=lambda entry: -entry[0])[:1]:
            said = f"{text} differs by {value:.2f} in {_class(subject)}"
            level: Grade = "bad" if surplus > COLUMN_LIMITS[1] else "doubtful"
            yield Verdict(level, WORDS[level], said, n=n, value=value, limit=COLUMN_LIMITS[0]), said


def judge_rules(rules: Sequence[Rule]) -> Iterator[Verdict]:
    """Yield a verdict on the rule that is broken most."""
    for rule in sorted(rules, key=lambda rule: rule.real - rule.made)[:1]:
        lost = rule.made - rule.real
        level: Grade = "bad" if lost > RULE_LIMITS[1] else "doubtful" if lost > RULE_LIMITS[0] else "good"
        said = f"{rule.made:.1%} of the synthetic rows break the rule “{rule.text}”; {rule.real:.1%} of real ones do"
        yield Verdict(level, WORDS[level], said, value=rule.made, limit=RULE_LIMITS[0])


def _class_losses(
    losses: Mapping[str, tuple[float, float, float]],
) -> Iterator[tuple[str, float, float, float, float]]:
    """Yield subject, loss, its bounds and the real value: of the mean over classes, and of the class that loses most.

    The second is allowed for having been picked (Bonferroni).
    """
    values = np.array(list(losses.values()))
    mean, real = values[:, 0].mean(), values[:, 2].mean()
    half = 1.96 * math.sqrt((values[:, 1] ** 2).sum()) / len(values)
    yield OVERALL, float(mean), float(mean - half), float(mean + half), float(real)
    if len(values) > 1:
        z = float(norm.ppf(1 - LEVEL / 2 / len(values)))
        name = max(losses, key=lambda name: losses[name][0] - z * losses[name][1])
        value, error, own = losses[name]
        yield name, value, value - z * error, value + z * error, own


def _verdict(
    subject: str,
    interval: tuple[float, float, float],
    limits: tuple[float, float],
    said: str,
    n: int,
    ends: tuple[float, float, float],
    limit: float,
) -> Verdict:
    found = grade(*interval, limits)
    if subject != OVERALL and interval[0] <= limits[0]:
        found = "good"  # one class of several counts only where it is surely worse
    value, low, high = ends
    return Verdict(found, WORDS[found], said, n, value, min(low, high), max(low, high), limit)


def _class(subject: str) -> str:
    return "their class" if subject == OVERALL else f"class {subject}"


def _least(sizes: Mapping[str, int], subject: str) -> int:
    return min(sizes.values()) if subject == OVERALL else sizes[subject]

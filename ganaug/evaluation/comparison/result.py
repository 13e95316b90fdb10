"""What a comparison of remedies found: one sentence, a table, and a model that does what it says."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ganaug.core import registry
from ganaug.evaluation.intervals import corrected_intervals


@dataclass(frozen=True)
class Comparison:
    """Which remedy to take, and the numbers behind it; made by `ganaug.compare`.

    Attributes
    ----------
    remedy : str
        The simplest remedy that no other one surely beats.
    answer : str
        One sentence.
    score : str
        What was measured.
    threshold : float
        Median over the folds of the tuned threshold; NaN where none was tuned.
    table : DataFrame
        A row for each remedy, the simplest first. ``score``, ``low``, ``high``: mean over folds and its 95 % interval;
        ``gain``, ``gain low``, ``gain high``: over nothing; ``over advice``, …: over the remedy that is advised;
        ``seconds``: of one fit. Intervals of gains hold together, for all remedies at once.
    folds : DataFrame
        ``fold``, ``remedy``, ``score``, ``threshold``, ``seconds``.
    left_out : dict of str to str
        Remedies that could not be tried, and why.
    notes : tuple of str
        What a reader should know before believing the answer.
    described : dict
        ``"score"``, ``"counts"`` by class, ``"splits"``, ``"planned"``, ``"seed"``, ``"seconds"``.
    model : classifier
        Unfitted: the estimator with the remedy, to be fitted to all of the data.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> X, y = make_classification(120, weights=[0.8], random_state=0)
    >>> found = ganaug.compare(DecisionTreeClassifier(max_depth=2), X, y, cv=2, repeats=1, budget=0.001, random_state=0)
    >>> found.remedy in found.table.index, found.model.fit(X, y).predict(X[:2]).shape
    (True, (2,))
    """

    remedy: str
    answer: str
    score: str
    threshold: float
    table: pd.DataFrame
    folds: pd.DataFrame
    left_out: Mapping[str, str]
    notes: tuple[str, ...]
    described: Mapping[str, Any]
    model: Any = field(repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for ``json.dumps``; None stands for NaN."""
        rows = self.table.reset_index().to_dict("records")
        return {
            "remedy": self.remedy,
            "answer": self.answer,
            "threshold": None if math.isnan(self.threshold) else self.threshold,
            "table": [{name: _plain(value) for name, value in row.items()} for row in rows],
            "left out": dict(self.left_out),
            "notes": list(self.notes),
            "described": dict(self.described),
        }

    def report(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write one HTML page with the answer, a plot and the table; see `ganaug.report.write`."""
        write = registry.lookup("reports", "html")
        return write(self, path, overwrite=overwrite)

    def __str__(self) -> str:
        shown = self.table[["score", "low", "high", "gain", "gain low", "gain high", "seconds"]]
        shown = shown.rename(columns={"gain": "over nothing", "gain low": "low", "gain high": "high"}).rename_axis(None)
        lines = [self.answer, "", shown.to_string(float_format="{:.3f}".format), ""]
        lines += [f"not tried: {name}: {why}" for name, why in self.left_out.items()]
        lines += [f"note: {note}" for note in self.notes]
        return "\n".join(lines).rstrip()

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p><b>{escape(self.answer)}</b></p>{self.table.to_html(float_format='{:.3f}'.format)}"


def choose(scores: pd.DataFrame, ratio: float) -> tuple[str, pd.DataFrame]:
    """Return the simplest remedy that no other one surely beats, and the table of `Comparison`.

    A remedy is beaten if the interval of what another one gains over it lies above 0; the intervals of all its rivals
    hold together (`corrected_intervals`).

    Parameters
    ----------
    scores : DataFrame
        A row for each split, a column for each remedy, the simplest first.
    ratio : float
        Samples that judge, as a share of those that are learnt from.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise = rng.normal(0, 0.01, (25, 3))
    >>> scores = pd.DataFrame(noise + [0.6, 0.8, 0.81], columns=["nothing", "moved threshold", "SMOTE"])
    >>> remedy, table = choose(scores, ratio=0.25)
    >>> remedy, round(float(table.loc["SMOTE", "gain"]), 2)
    ('moved threshold', 0.21)
    """
    names = [str(name) for name in scores]
    over = {rival: _gains(scores, rival, ratio) for rival in names}
    remedy = next(rival for rival in names if not (over[rival]["low"] > 0).any() or rival == scores.mean().idxmax())
    alone = [corrected_intervals(scores[[name]].to_numpy(), ratio)[0] for name in names]
    table = pd.DataFrame(alone, index=pd.Index(names, name="remedy"), columns=["score", "low", "high"])
    for part, rival in (("gain", names[0]), ("over advice", remedy)):
        table[[part, f"{part} low", f"{part} high"]] = over[rival]
    return remedy, table


def _gains(scores: pd.DataFrame, rival: str, ratio: float) -> pd.DataFrame:
    """Return what each remedy gains over one of them, with bounds."""
    others = [str(name) for name in scores if name != rival]
    gains = pd.DataFrame(0.0, index=list(scores), columns=["gain", "low", "high"])
    if others:
        gains.loc[others] = corrected_intervals(scores[others].sub(scores[rival], axis=0).to_numpy(), ratio)
    return gains


def _plain(value: Any) -> Any:
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value

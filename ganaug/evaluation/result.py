"""What an evaluation found: three answers, each a verdict and the numbers behind it."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from ganaug.core import registry
from ganaug.core.history import History

Grade = Literal["good", "doubtful", "bad", "cannot be judged"]
OVERALL = "all classes"
_QUESTIONS = {
    "fidelity": "does it look like the real data?",
    "utility": "does it help a classifier?",
    "privacy": "did it copy the training data?",
}


GRADES: tuple[Grade, ...] = ("good", "cannot be judged", "doubtful", "bad")  # the worse decides


@dataclass(frozen=True)
class Verdict:
    """The answer to one question.

    Attributes
    ----------
    grade : {"good", "doubtful", "bad", "cannot be judged"}
    words : str
        The answer.
    because : str
        The number that decided, in words.
    n : int
        Real held-out samples that it rests on; 0 where none were compared.
    value, low, high : float
        The number that decided and its 95 % interval; NaN where there is none.
    limit : float
        What the interval was held against.

    Examples
    --------
    >>> str(Verdict("good", "helps", "0.05 more balanced accuracy than SMOTE", n=120))
    'good: helps: 0.05 more balanced accuracy than SMOTE [n = 120 held out]'
    """

    grade: Grade
    words: str
    because: str
    n: int = 0
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    limit: float = math.nan

    @property
    def basis(self) -> str:
        """What the verdict rests on: n, the interval and the limit, as far as there are any."""
        parts = [f"n = {self.n:,} held out"] if self.n else []
        if not math.isnan(self.low):
            parts.append(f"{self.value:.3g}, 95 % interval {self.low:.3g} to {self.high:.3g}")
        if not math.isnan(self.limit):
            parts.append(f"limit {self.limit:.3g}")
        return "; ".join(parts)

    def __str__(self) -> str:
        said = self.grade if self.words == self.grade else f"{self.grade}: {self.words}"
        return f"{said}: {self.because}" + (f" [{self.basis}]" if self.basis else "")


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict that decides; of equally bad ones the first."""
    return max(verdicts, key=lambda verdict: GRADES.index(verdict.grade))


@dataclass(frozen=True)
class Measurement:
    """One number.

    Attributes
    ----------
    subject : str
        What it is about: a class, ``"all classes"``, or a way to train.
    metric : str
        What was measured.
    value : float
        NaN where it cannot be told.
    low, high : float
        A 95 % interval; NaN where there is none.
    real : float
        The same measured on real training samples in place of synthetic ones: what samples as good as real would get.
        NaN where that has no meaning.
    better : {"lower", "higher", "real"}
        Which way is good; ``"real"``: as near to `real` as possible.
    rival : str
        The way to train that `value` is a gain over; empty where it is no gain.

    Examples
    --------
    >>> Measurement("all classes", "coverage", 0.93, real=0.96).better
    'higher'
    """

    subject: str
    metric: str
    value: float
    low: float = math.nan
    high: float = math.nan
    real: float = math.nan
    better: Literal["lower", "higher", "real"] = "higher"
    rival: str = ""


@dataclass(frozen=True)
class Answer:
    """A verdict on one question and the numbers behind it.

    Attributes
    ----------
    question : {"fidelity", "utility", "privacy"}
    verdict : Verdict
    measurements : tuple of Measurement
    notes : tuple of str
        What a reader should know before believing the verdict.
    drawn : dict
        What a report can draw from: frames and arrays, by name (docs/guide/evaluation-object.md).

    Examples
    --------
    >>> coverage = Measurement("all classes", "coverage", 0.93, real=0.96)
    >>> answer = Answer("fidelity", Verdict("good", "looks real", "coverage 0.93"), (coverage,))
    >>> answer["coverage"].value, answer.to_frame()["metric"].tolist()
    (0.93, ['coverage'])
    """

    question: str
    verdict: Verdict
    measurements: tuple[Measurement, ...]
    notes: tuple[str, ...] = ()
    drawn: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __getitem__(self, key: str | tuple[str, ...]) -> Measurement:
        """Return the measurement of ``metric`` over all classes, of ``(subject, metric)``, or its gain over a rival.

        ``answer["real + synthetic", "balanced accuracy", "SMOTE"]`` is what synthetic samples gain over SMOTE.
        """
        given = (OVERALL, key) if isinstance(key, str) else key
        subject, metric, rival = given if len(given) == 3 else (*given, "")
        for found in self.measurements:
            if (found.subject, found.metric, found.rival) == (subject, metric, rival):
                return found
        raise KeyError(key)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per measurement, with the columns of `Measurement`."""
        return pd.DataFrame([asdict(found) for found in self.measurements], columns=_COLUMNS)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data; None stands for NaN."""
        return {
            "verdict": _plain(asdict(self.verdict)),
            "measurements": [_plain(asdict(found)) for found in self.measurements],
            "notes": list(self.notes),
        }


_COLUMNS = [entry.name for entry in fields(Measurement)]
_FORMAT: dict[str, Any] = {"na_rep": "", "float_format": "{:.3f}".format}


class Evaluation(Mapping[str, Answer]):
    """Answers by question: ``evaluation["utility"].verdict``; made by `ganaug.evaluate`.

    Parameters
    ----------
    answers : dict of str to Answer
        Of the questions that were asked, in the order fidelity, utility, privacy.
    described : dict
        What was compared, as plain data: ``"data"``, ``"kind"``, counts by class of ``"training"``, ``"held out"`` and
        ``"synthetic"``, ``"source"``, ``"seed"``, ``"seconds"``, ``"notes"``.
    gallery : dict of str to dict of str to samples
        Some samples to show: ``gallery["training" | "held out" | "synthetic"][class]``. Images are uint8 of shape
        ``(n, height, width)`` or ``(n, height, width, channels)``, rows are a DataFrame. ``"nearest synthetic"`` and
        ``"nearest training"`` are pairs: synthetic samples that lie nearest to a training sample, and those.
    history : History, optional
        Of the training of the model that made the samples.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> X, y = load_wine(return_X_y=True)
    >>> made = X[::2] * 1.01, y[::2]
    >>> found = ganaug.evaluate(made, X[1::2], y[1::2], X[::2], y[::2], questions=["privacy"], random_state=0)
    >>> list(found), found["privacy"].verdict.grade
    (['privacy'], 'bad')
    """

    def __init__(
        self,
        answers: Mapping[str, Answer],
        described: Mapping[str, Any],
        gallery: Mapping[str, Mapping[str, Any]],
        history: History | None = None,
    ) -> None:
        self.answers = dict(answers)
        self.described = dict(described)
        self.gallery = gallery
        self.history = history

    def __getitem__(self, question: str) -> Answer:
        return self.answers[question]

    def __iter__(self) -> Iterator[str]:
        return iter(self.answers)

    def __len__(self) -> int:
        return len(self.answers)

    @property
    def verdicts(self) -> dict[str, str]:
        """One line for each question."""
        return {question: str(answer.verdict) for question, answer in self.items()}

    def to_frame(self) -> pd.DataFrame:
        """Return one row per measurement: ``question`` and the columns of `Measurement`."""
        frames = [answer.to_frame().assign(question=question) for question, answer in self.items()]
        return pd.concat(frames, ignore_index=True)[["question", *_COLUMNS]]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for ``json.dumps``; None stands for NaN."""
        return {"described": self.described} | {question: answer.to_dict() for question, answer in self.items()}

    def report(
        self, path: str | Path, *, comparison: Any = None, samples: bool = True, overwrite: bool = False
    ) -> Path:
        """Write one HTML page with verdicts, pictures and numbers; see `ganaug.report.write`.

        `comparison`, from `ganaug.compare`, adds what to do about rare classes.
        """
        write = registry.lookup("reports", "html")
        return write(self, path, comparison=comparison, samples=samples, overwrite=overwrite)

    def __str__(self) -> str:
        lines = [f"{question} ({_QUESTIONS[question]}) {text}" for question, text in self.verdicts.items()]
        notes = [*self.described.get("notes", ()), *(note for answer in self.values() for note in answer.notes)]
        lines += [f"note: {note}" for note in dict.fromkeys(notes)]
        tables = [f"{question}\n{_shown(answer)}" for question, answer in self.items() if answer.measurements]
        return "\n\n".join(["\n".join(lines), *tables])

    def __repr__(self) -> str:
        return f"Evaluation({self.verdicts})"

    def _repr_html_(self) -> str:
        from ganaug.evaluation.notebook import summary

        return summary(self)


def _shown(answer: Answer) -> str:
    """Return a table of what is said of all classes, or of each way to train."""
    frame = answer.to_frame()
    if answer.question == "utility":
        scores = frame[frame["rival"] == ""]
        return scores.pivot(index="subject", columns="metric", values="value").rename_axis(None).to_string(**_FORMAT)
    overall = frame[frame["subject"] == OVERALL].drop(columns=["subject", "rival"]).dropna(axis=1, how="all")
    return overall.to_string(index=False, **_FORMAT)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in values.items()
    }

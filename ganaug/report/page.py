"""From an evaluation to one HTML file that needs nothing else."""

import math
from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ganaug.core.extras import refuse_missing
from ganaug.core.files import refuse_unwritable, replacing
from ganaug.data.kind import kind_named
from ganaug.data.table.moments import read_moments
from ganaug.evaluation.comparison.result import Comparison
from ganaug.evaluation.privacy.answer import NEAR_DUPLICATES
from ganaug.evaluation.result import OVERALL
from ganaug.evaluation.words import ADVICE, GLOSSARY, MARKS, QUESTIONS, shortened
from ganaug.report import comparisons, figures, pictures

if TYPE_CHECKING:
    from ganaug.evaluation.result import Answer, Evaluation

_SHOWN = 6  # classes with pictures, the rarest
_COLUMNS = 12  # histograms in sight; as many again in a fold
_PAIRS = 4  # classes with nearest pairs
_CALLED = 12  # classes in a table of confusions
_ROWS = 4  # pairs of rows of a class


def write(
    found: "Evaluation | Comparison",
    path: str | Path,
    *,
    comparison: "Comparison | None" = None,
    samples: bool = True,
    overwrite: bool = False,
) -> Path:
    """Write an evaluation or a comparison as one HTML page that opens from disk and loads nothing.

    Parameters
    ----------
    found : Evaluation or Comparison
        From `ganaug.evaluate` or `ganaug.compare`.
    path : str or Path
        The file, usually ``*.html``; missing parent folders are created.
    comparison : Comparison, optional
        A card and a section of it are put before those of an evaluation.
    samples : bool, default=True
        Whether real and synthetic samples are shown. With False, distributions of columns and points on a plane stay.
    overwrite : bool, default=False
        Whether an existing file may be replaced.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    MissingExtraError
        If jinja2 or matplotlib is not installed (the extra ``report``).
    OutputError
        If the file exists and may not be replaced, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_wine
    >>> X, y = load_wine(return_X_y=True)
    >>> made = X[::2] * 1.01, y[::2]
    >>> found = ganaug.evaluate(made, X[1::2], y[1::2], X[::2], y[::2], questions=["privacy"], random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(found, f"{folder}/report.html").name
    'report.html'
    """
    path = Path(path)
    refuse_unwritable(path, overwrite=overwrite)
    html = render(found, comparison=comparison, samples=samples)
    with replacing(path, overwrite=overwrite) as partial:
        partial.write_text(html, encoding="utf-8")
    return path


def require_extras() -> None:
    """Raise `MissingExtraError` unless all that a report needs is installed: to be asked before minutes of work."""
    refuse_missing("jinja2", "matplotlib", "PIL", extra="report", purpose="a report")


def render(found: "Evaluation | Comparison", *, comparison: "Comparison | None" = None, samples: bool = True) -> str:
    """Return the page as text; see `write`."""
    require_extras()
    import jinja2

    here = files("ganaug.report")
    template, css, script = (
        here.joinpath(name).read_text(encoding="utf-8") for name in ("page.html.jinja", "page.css", "sort.js")
    )
    digest = b64encode(sha256(script.encode()).digest()).decode()  # the one script that the page allows
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": _number, "short": shortened}
    content = comparisons.page(found) if isinstance(found, Comparison) else _content(found, samples, comparison)
    return environment.from_string(template).render(
        css=css, script=script, script_digest=digest, glossary=GLOSSARY, **content
    )


def _content(evaluation: "Evaluation", samples: bool, comparison: Comparison | None) -> dict[str, Any]:
    described = evaluation.described
    rarest = sorted(described["classes"], key=lambda name: described["training"].get(name, 0))
    shown = [name for name in rarest if name in evaluation.gallery["synthetic"]]
    kind = kind_named(described["kind"])
    fidelity, utility, privacy = (evaluation.answers.get(question) for question in QUESTIONS)
    cards = [_summary(question, answer) for question, answer in evaluation.items()]
    n = {source: f"{sum(described[source].values()):,}" for source in ("training", "held out", "synthetic")}
    return {
        "title": f"Synthetic data, evaluated: {described['data']}",
        "heading": "Synthetic data, evaluated",
        "lead": (
            f"{described['data'][:1].upper()}{described['data'][1:]}. {len(described['classes'])} classes; "
            f"{n['training']} training, {n['held out']} held-out and {n['synthetic']} synthetic samples, "
            f"from {described['source']}."
        ),
        "summary": cards if comparison is None else [comparisons.card(comparison), *cards],
        "comparison": None if comparison is None else comparisons.section(comparison),
        "notes": [*_notes(evaluation), *(comparison.notes if comparison is not None else ())],
        "samples": samples,
        "is_image": kind.has_preview,
        "plural": kind.plural,
        "shown": shown[:_SHOWN],
        "hidden": len(shown[_SHOWN:]),
        "grids": list(_grids(evaluation, shown[:_SHOWN])) if samples and kind.has_preview else [],
        "histograms": [] if kind.has_preview else _histograms(evaluation, shown),
        "projection": None if fidelity is None else figures.projection(fidelity.drawn.get("projection"), rarest),
        "correlations": None if fidelity is None else figures.correlations(fidelity.drawn.get("correlations")),
        "fidelity": None if fidelity is None else _by_subject(fidelity, rarest),
        "utility": None if utility is None else _utility(utility, rarest),
        "privacy": None if privacy is None else _by_subject(privacy, rarest),
        "distances": [] if privacy is None else list(figures.distances(privacy.drawn)),
        "pairs": list(_pairs(evaluation, shown)) if samples else [],
        "curves": list(figures.training(evaluation.history)),
        "provenance": list(_provenance(described)),
        "config": described.get("config"),
    }


def _summary(question: str, answer: "Answer") -> dict[str, Any]:
    mark, style = MARKS[answer.verdict.grade]
    words = answer.verdict.words
    return {
        "id": question,
        "question": QUESTIONS[question],
        "style": style,
        "mark": mark,
        "said": answer.verdict.grade,
        "words": words[:1].upper() + words[1:],
        "because": answer.verdict.because,
        "basis": answer.verdict.basis,
        "more": list(_near_duplicates(answer)),
        "advice": ADVICE[question][answer.verdict.grade],
    }


def _near_duplicates(answer: "Answer") -> Iterator[str]:
    """Yield what a card of privacy says of near duplicates, unless they decided."""
    found = [m for m in answer.measurements if (m.subject, m.metric) == (OVERALL, NEAR_DUPLICATES)]
    for m in found if "near duplicates" not in answer.verdict.because else ():
        yield f"Near duplicates of training samples: {m.value:.1%}; of real samples {m.real:.1%} are."


def _notes(evaluation: "Evaluation") -> list[str]:
    notes = [*evaluation.described.get("notes", ()), *(note for answer in evaluation.values() for note in answer.notes)]
    return list(dict.fromkeys(notes))


def _grids(evaluation: "Evaluation", classes: list[str]) -> Iterator[dict[str, Any]]:
    """Yield for each class pictures of real samples and of synthetic ones."""
    plural = kind_named(evaluation.described["kind"]).plural
    for name in classes:
        count = evaluation.described["training"].get(name, 0)
        galleries = (("real", evaluation.gallery["training"]), ("synthetic", evaluation.gallery["synthetic"]))
        sides = [
            {
                "title": title,
                "image": pictures.grid(gallery[name]),
                "alt": f"{pictures.shown(gallery[name])} {title} {plural} of class {shortened(name)}",
            }
            for title, gallery in galleries
            if name in gallery
        ]
        yield {"name": name, "count": count, "sides": sides}


def _histograms(evaluation: "Evaluation", classes: list[str]) -> list[dict[str, Any]]:
    """Return a figure for each column of the rarest class, the least alike first."""
    name = next((name for name in classes if name in evaluation.gallery["training"]), None)
    if name is None:
        return []
    real, made = read_moments(evaluation.gallery["training"][name], evaluation.gallery["synthetic"][name])
    order = list(range(real.shape[1]))
    fidelity = evaluation.answers.get("fidelity")
    if fidelity is not None and "columns" in fidelity.drawn:
        found: pd.DataFrame = fidelity.drawn["columns"]
        found = found[found["metric"].isin(["Kolmogorov-Smirnov", "total variation"]) & (found["subject"] == name)]
        gap = (found["value"] - found["real"]).groupby(found["column"]).max()
        order.sort(key=lambda i: -gap.get(str(real.columns[i]), -math.inf))
    return [
        {"column": str(real.columns[i]), **figures.histogram(real.iloc[:, i], made.iloc[:, i], str(real.columns[i]))}
        for i in order[: 2 * _COLUMNS]
    ]


def _by_subject(answer: "Answer", rarest: list[str]) -> dict[str, Any]:
    """Return a table: a row for all classes and each class, a column for each metric."""
    metrics = list(dict.fromkeys(found.metric for found in answer.measurements))
    cells: dict[str, dict[str, Any]] = {}
    for found in answer.measurements:
        cells.setdefault(found.subject, {})[found.metric] = found
    order = {name: i for i, name in enumerate(rarest)}
    subjects = sorted(cells, key=lambda subject: order.get(subject, -1))
    return {"metrics": metrics, "rows": [(subject, cells[subject]) for subject in subjects]}


def _utility(answer: "Answer", rarest: list[str]) -> dict[str, Any]:
    own = [found for found in answer.measurements if not found.rival]
    metrics = list(dict.fromkeys(found.metric for found in own))
    arms = list(dict.fromkeys(found.subject for found in own))
    cells = {(found.subject, found.metric): found for found in own}
    return {
        "figures": list(figures.dots(answer.measurements)),
        "metrics": metrics,
        "rows": [(arm, {metric: cells.get((arm, metric)) for metric in metrics}) for arm in arms],
        "confusions": list(_confusions(answer.drawn.get("confusion"), rarest)),
    }


def _confusions(frame: "pd.DataFrame | None", rarest: list[str]) -> Iterator[dict[str, Any]]:
    """Yield, for the data as they are and with synthetic samples, what each class is called."""
    if frame is None or not 1 < len(rarest) <= _CALLED:
        return
    for arm in ("real as they are", "real + synthetic"):
        own = frame[frame["arm"] == arm]
        if len(own):
            shares = {(row.truth, row.called): row.share for row in own.itertuples()}
            truths = [name for name in rarest if (name, name) in shares]
            yield {"arm": arm, "classes": rarest, "rows": [(t, [shares[t, c] for c in rarest]) for t in truths]}


def _pairs(evaluation: "Evaluation", classes: list[str]) -> Iterator[dict[str, Any]]:
    """Yield for each of the rarest classes its synthetic samples that lie nearest to a training sample, beside that."""
    made, learnt = (evaluation.gallery.get(f"nearest {source}", {}) for source in ("synthetic", "training"))
    kind = kind_named(evaluation.described["kind"])
    for name in [name for name in classes if name in made][:_PAIRS]:
        if kind.has_preview:
            image = pictures.pairs(made[name], learnt[name])
            alt = (
                f"{len(made[name])} synthetic {kind.plural} of class {shortened(name)} above their nearest training "
                f"{kind.plural}, the nearest first"
            )
            yield {"name": name, "image": image, "alt": alt}
        else:
            yield {
                "name": name,
                "columns": [str(column) for column in made[name].columns],
                "rows": list(_rows(made[name], learnt[name])),
            }


def _rows(made: pd.DataFrame, learnt: pd.DataFrame) -> Iterator[list[list[tuple[str, bool]]]]:
    """Yield pairs of rows as text; equal entries are marked."""
    for i in range(min(_ROWS, len(made))):
        pair = [[_text(value) for value in frame.iloc[i]] for frame in (made, learnt)]
        equal = [a == b for a, b in zip(*pair, strict=True)]
        yield [list(zip(row, equal, strict=True)) for row in pair]


def _text(value: Any) -> str:
    if isinstance(value, float):
        return "missing" if math.isnan(value) else f"{value:.4g}"
    return "missing" if pd.isna(value) else str(value)


def _provenance(described: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    names = {
        "data": "Data",
        "training sha256": "Digest of the training data",
        "held out sha256": "Digest of the held-out data",
        "source": "Samples from",
        "model sha256": "Digest of the model",
        "seed": "Seed",
        "seconds": "Seconds to evaluate",
    }
    for key, words in names.items():
        if described.get(key) is not None:
            yield words, str(described[key])
    for source in ("training", "held out", "synthetic"):
        counts = described[source]
        yield f"{source.capitalize()} samples", f"{sum(counts.values()):,}"
    for line in described.get("provenance", ()):
        yield "The model says", line
    yield "Versions", ", ".join(f"{name} {version}" for name, version in described.get("versions", {}).items())


def _number(value: float) -> str:
    """Return a number for a table; nothing for NaN."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.4g}"

"""What a notebook shows of an evaluation: the answers, and the numbers in a fold."""

from html import escape
from typing import Any

from ganaug.evaluation.words import MARKS, QUESTIONS

_COLOURS = {
    "good": "#2a9d5c",
    "doubtful": "#b8860b",
    "bad": "#d9534f",
    "cannot be judged": "#8c8c8c",
}  # seen on white and on black
_CARD = "flex: 1 1 14em; border-left: 4px solid {}; padding: 0.1em 0.9em; margin-bottom: 0.6em"


def summary(evaluation: Any) -> str:
    """Return HTML for a notebook: verdicts, notes, and tables of the numbers in a fold; needs no extra."""
    cards = "".join(_card(question, answer) for question, answer in evaluation.items())
    notes = [*evaluation.described.get("notes", ()), *(note for answer in evaluation.values() for note in answer.notes)]
    listed = "".join(f"<li>{escape(note)}</li>" for note in dict.fromkeys(notes))
    tables = "".join(
        f"<details><summary>{question} in numbers</summary>{_table(answer)}</details>"
        for question, answer in evaluation.items()
    )
    return (
        f'<div style="display: flex; flex-wrap: wrap; gap: 1em; max-width: 70em">{cards}</div>'
        f'<ul style="max-width: 60em; opacity: 0.8">{listed}</ul>{tables}'
    )


def _card(question: str, answer: Any) -> str:
    mark, said = MARKS[answer.verdict.grade]
    return (
        f'<div style="{_CARD.format(_COLOURS[answer.verdict.grade])}">'
        f'<div style="opacity: 0.8">{QUESTIONS[question]}</div>'
        f'<b><span role="img" aria-label="{said}">{mark}</span> {escape(answer.verdict.words)}</b>'
        f"<div>{escape(answer.verdict.because)}</div><small>{escape(answer.verdict.basis)}</small></div>"
    )


def _table(answer: Any) -> str:
    frame = answer.to_frame().dropna(axis=1, how="all")
    return frame.to_html(index=False, na_rep="", float_format="{:.4g}".format)

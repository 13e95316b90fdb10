"""A comparison of remedies in the report: its card, its section, and a page of its own."""

import math
from typing import Any

from ganaug.evaluation.comparison.result import Comparison
from ganaug.report import figures


def card(found: Comparison) -> dict[str, Any]:
    """Return the card that says what to do."""
    n = found.described
    row = found.table.loc[found.remedy]
    gain = f"{row['gain']:.3g}, 95 % interval {row['gain low']:.3g} to {row['gain high']:.3g}; limit 0"
    return {
        "id": "compare",
        "question": "What should I do about rare classes?",
        "style": "good",
        "mark": "➜",
        "said": "advice",
        "words": found.answer.split(":")[0],
        "because": found.answer.split(": ", 1)[1],
        "basis": f"n = {min(n['counts'].values()):,} of the rarest class, {n['splits']} splits"
        + ("" if found.remedy == found.table.index[0] else f"; {gain}"),
        "more": [],
        "advice": "",
    }


def section(found: Comparison) -> dict[str, Any]:
    """Return the plot of gains and the table."""
    rows = []
    for name, row in found.table.iterrows():
        parts = (("score", "low", "high"), *((p, f"{p} low", f"{p} high") for p in ("gain", "over advice")))
        cells = [tuple(float(row[column]) for column in part) for part in parts]
        cells = [cell if cell != (0.0, 0.0, 0.0) else (math.nan,) * 3 for cell in cells]
        rows.append({"name": name, "cells": cells, "seconds": float(row["seconds"])})
    return {
        "described": found.described,
        "score": found.score,
        "remedy": found.remedy,
        "figure": figures.gains(found.table, found.score),
        "rows": rows,
        "left_out": found.left_out,
    }


def page(found: Comparison) -> dict[str, Any]:
    """Return all that the template asks for, of a comparison alone."""
    n = found.described
    counts = ", ".join(f"{count:,} of class {name}" for name, count in n["counts"].items())
    empty = ("grids", "histograms", "distances", "pairs", "curves", "shown")
    none = ("projection", "correlations", "fidelity", "utility", "privacy", "config")
    return (
        dict.fromkeys(empty, ())
        | dict.fromkeys(none)
        | {
            "title": "Remedies for rare classes, compared",
            "heading": "Remedies for rare classes, compared",
            "lead": f"{counts}; {n['splits']} of {n['planned']} splits, judged by {found.score}.",
            "summary": [card(found)],
            "comparison": section(found),
            "notes": list(found.notes),
            "samples": False,
            "is_image": False,
            "hidden": 0,
            "provenance": [("Seed", str(n["seed"])), ("Seconds", f"{n['seconds']:.0f}"), ("Score", found.score)],
        }
    )

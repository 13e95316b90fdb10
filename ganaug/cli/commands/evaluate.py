"""``ganaug evaluate MODEL DATA --test MORE``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug.cli import options
from ganaug.cli.console import counting, result, say
from ganaug.core import checkpoint
from ganaug.core.files import refuse_unwritable

if TYPE_CHECKING:
    from ganaug.data.readers import Dataset

_HELD_OUT = 0.3  # of DATA, where there is no --test


@options.grouped
def evaluate(
    model: Annotated[Path, typer.Argument(help="A checkpoint that ganaug train or finetune wrote.")],
    data: Annotated[
        Path, typer.Argument(help="The data it was trained on: image folder, .npz, .csv, .tsv or .parquet.")
    ],
    test: Annotated[
        Path | None,
        typer.Option(
            help="Real data that it was not trained on.",
            show_default="train anew on 70 % of DATA, judge on the rest",
        ),
    ] = None,
    *,
    reading: options.Reading,
    questions: Annotated[
        list[str] | None,
        typer.Option(
            "--ask", metavar="QUESTION", help="fidelity, utility or privacy; may be repeated.", show_default="all three"
        ),
    ] = None,
    score: Annotated[
        str, typer.Option(help="What decides about utility: balanced accuracy, or recall of rare classes.")
    ] = "balanced accuracy",
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="30s|2m|1h",
            help="CPU time for utility: fewer fits are made where they would take longer.",
            show_default="no limit",
        ),
    ] = None,
    metrics: Annotated[
        list[str] | None, typer.Option("--metric", metavar="NAME", help="A plugin's metric; may be repeated.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML page, usually report.html.")] = None,
    samples: Annotated[bool, typer.Option("--samples/--no-samples", help="Show samples in the report.")] = True,
    seed: options.Seed = 0,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
) -> None:
    """Measure whether a model's samples look real, help a classifier, and were copied.

    Without --test, nothing is left to judge MODEL by: it has seen all of DATA. Then a model with the same settings is
    trained on 70 % of every class and judged on the rest.

    Examples: ganaug evaluate cells.safetensors cells/ --test more-cells/

    ganaug evaluate frauds.safetensors frauds.csv --report report.html
    """
    if not model.exists():
        raise typer.BadParameter(f"there is no file {model}")
    limit = None if budget is None else options.seconds(budget)
    header = checkpoint.read_header(model)
    if test is None and header.get("transfer") is not None:
        raise typer.BadParameter(
            f"{model} was fine-tuned and cannot be trained anew on a part of {data}: give --test, data it has not seen"
        )
    if report is not None:
        from ganaug.report import require_extras

        refuse_unwritable(report, overwrite=overwrite)
        require_extras()
    dataset = reading.read(data, quiet=quiet)
    unseen = None if test is None else reading.read(test, quiet=quiet)
    from ganaug.evaluation.evaluate import QUESTIONS, evaluate as measure

    source: Any = model
    if unseen is None:
        if not quiet:
            say(f"no --test: training anew on {1 - _HELD_OUT:.0%} of {data}, with the settings of {model}")
        source, dataset, unseen = _trained_anew(header, dataset, seed, quiet)
    if not quiet:
        say("measuring: seconds to minutes")
    with counting("fits", hidden=quiet) as progress:
        found = measure(
            source,
            unseen.X,
            unseen.y,
            dataset.X,
            dataset.y,
            questions=questions or QUESTIONS,
            score=score,
            budget=limit,
            metrics=metrics or (),
            kind=dataset.kind,
            progress=progress,
            random_state=seed,
        )
    lines = [str(found)]
    if report is not None:
        found.report(report, samples=samples, overwrite=overwrite)
        lines.append(f"See {report}.")
    result(lines, found.to_dict(), as_json)


def _trained_anew(header: dict[str, Any], dataset: "Dataset", seed: int, quiet: bool) -> "tuple[Any, Dataset, Dataset]":
    """Split the data, train on the larger part as the model was; return the new model and both parts."""
    from dataclasses import replace

    import numpy as np
    from sklearn.model_selection import train_test_split
    from sklearn.utils import _safe_indexing

    from ganaug.core.config import ResolvedConfig
    from ganaug.core.errors import SchemaError
    from ganaug.training.callbacks import ProgressBar
    from ganaug.training.train import train

    y = np.asarray(dataset.y)
    try:
        parts = train_test_split(np.arange(len(y)), test_size=_HELD_OUT, stratify=y, random_state=seed)
    except ValueError as error:
        raise SchemaError(f"cannot hold out {_HELD_OUT:.0%} of every class: {error}; give --test") from None
    learnt, unseen = (
        replace(dataset, X=_safe_indexing(dataset.X, part), y=y[part], remarks=(), skipped=())
        for part in map(np.sort, parts)
    )
    settings = ResolvedConfig(**header["config"]).model_dump() | {"device": "auto", "precision": "auto"}
    callbacks = [] if quiet else [ProgressBar()]
    model = train(learnt.X, learnt.y, kind=learnt.kind, random_state=seed, callbacks=callbacks, **settings)
    return model, learnt, unseen

"""``ganaug compare DATA --target NAME``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug.cli import options
from ganaug.cli.console import counting, result, say
from ganaug.core.files import refuse_unwritable

if TYPE_CHECKING:
    from ganaug.data.readers import Dataset

_SPLITTING = "Splitting"


@options.grouped
def compare(
    data: Annotated[Path, typer.Argument(help="A table: .csv, .tsv, .parquet, or .npz with rows.")],
    *,
    reading: options.Reading,
    score: Annotated[
        str,
        typer.Option(
            "--score",
            metavar="NAME",
            help="What you are judged by: balanced_accuracy, f1, average_precision, or another name of scikit-learn's.",
        ),
    ] = "balanced_accuracy",
    classifier: Annotated[
        str, typer.Option(help="trees (gradient-boosted), logistic (regression) or neighbours (5 nearest).")
    ] = "trees",
    folds: Annotated[int, typer.Option(min=2, help="Of the cross-validation.", rich_help_panel=_SPLITTING)] = 5,
    repeats: Annotated[
        int, typer.Option(min=1, help="Of the folds, each with another shuffle.", rich_help_panel=_SPLITTING)
    ] = 5,
    groups: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Patient, machine or customer: rows of one are never on both sides. No feature.",
            rich_help_panel=_SPLITTING,
        ),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Learn from earlier rows, judge by later ones, in the order of this column. No feature.",
            rich_help_panel=_SPLITTING,
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="30s|2m|1h", help="Fewer repeats are made where they would take longer.", show_default="no limit"
        ),
    ] = None,
    with_gan: Annotated[
        bool, typer.Option("--gan/--no-gan", help="Try GANOverSampler: most of the time goes there.")
    ] = True,
    report: Annotated[Path | None, typer.Option(help="Write an HTML page, usually compare.html.")] = None,
    seed: options.Seed = 0,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
) -> None:
    """Find the simplest remedy for a rare class.

    Nothing, a moved threshold, class weights, over-sampling, SMOTE and GANOverSampler are tried on the same folds. What
    is printed first is one sentence: what to do.

    Examples: ganaug compare frauds.csv --target fraud

    ganaug compare visits.csv --target ill --groups patient --score f1 --budget 5m --report compare.html
    """
    if groups is not None and time is not None:
        raise typer.BadParameter("--groups and --time cannot be combined; give ganaug.compare a splitter of your own")
    seconds = None if budget is None else options.seconds(budget)
    if report is not None:
        from ganaug.report import require_extras

        refuse_unwritable(report, overwrite=overwrite)
        require_extras()
    dataset = reading.read(data, quiet=quiet)
    X, y, splitting = _splitting(dataset, groups, time, folds)
    from ganaug.evaluation.comparison.classifiers import make_classifier
    from ganaug.evaluation.comparison.compare import compare as measure

    if not quiet:
        say("comparing: seconds without the GAN, minutes with it")
    with counting("fits", hidden=quiet) as progress:
        found = measure(
            make_classifier(X, classifier),
            X,
            y,
            scoring=score,
            repeats=repeats,
            samplers={} if with_gan else {"GANOverSampler": None},
            budget=seconds,
            progress=progress,
            random_state=seed,
            **splitting,
        )
    lines = [str(found)]
    if report is not None:
        found.report(report, overwrite=overwrite)
        lines.append(f"See {report}.")
    result(lines, found.to_dict(), as_json)


def _splitting(dataset: "Dataset", groups: str | None, time: str | None, folds: int) -> tuple[Any, Any, dict[str, Any]]:
    """Return rows without the column that splits them, labels, and options of `ganaug.compare`."""
    import numpy as np
    import pandas as pd
    from sklearn.model_selection import TimeSeriesSplit

    from ganaug.core.errors import SchemaError, did_you_mean
    from ganaug.data.table.kind import is_table

    X, y = dataset.X, np.asarray(dataset.y)
    if not is_table(X):
        raise SchemaError(f"{dataset.source} holds no rows; for images, `ganaug evaluate` compares with over-sampling")
    column = groups or time
    if column is None:
        return X, y, {"cv": folds}
    if not isinstance(X, pd.DataFrame) or column not in X:
        known = [str(name) for name in getattr(X, "columns", ())]
        raise SchemaError(f"there is no column {column!r}; {did_you_mean(column, known)}")
    keys, X = X[column], X.drop(columns=column)
    if groups is not None:
        return X, y, {"cv": folds, "groups": keys.astype(str).to_numpy()}
    order = np.argsort(keys.to_numpy(), kind="stable")
    return X.iloc[order].reset_index(drop=True), y[order], {"cv": TimeSeriesSplit(folds)}

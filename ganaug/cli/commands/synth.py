"""``ganaug synth --class NAME --n N``."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganaug.cli import options
from ganaug.cli.console import counts_by_name, result
from ganaug.cli.request import Request
from ganaug.core.processes import is_first_process
from ganaug.synthesis.manifest import PREVIEW

if TYPE_CHECKING:
    from ganaug.evaluation.result import Answer
    from ganaug.synthesis.synthesize import Synthesis

_SCALE = "Scale"
_WHAT = "What to make"


def synth(
    context: typer.Context,
    classes: Annotated[
        list[str] | None,
        typer.Option(
            "--class",
            "-c",
            metavar="NAME",
            help="Class to make; may be repeated.",
            show_default="every class",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    class_indices: Annotated[
        list[int] | None,
        typer.Option(
            "--class-index",
            metavar="I",
            help="Class by its position among the sorted classes, from 0; may be repeated.",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    n: Annotated[
        int | None,
        typer.Option("--n", "-n", min=1, help="Samples per class.", show_default="1000", rich_help_panel=_WHAT),
    ] = None,
    balance: Annotated[
        Path | None,
        typer.Option(
            metavar="DATA",
            help="Make what each class lacks there to reach the largest; stands for --data too, if that is not given.",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    include_real: Annotated[
        bool,
        typer.Option(
            "--include-real", help="Write the real samples of --balance or --data beside them.", rich_help_panel=_WHAT
        ),
    ] = False,
    truncation: Annotated[
        float | None,
        typer.Option(
            metavar="T",
            help="Cut the latents off at ± T: more typical samples, less diverse ones.",
            show_default="not cut off",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder to write, or one file: *.csv, *.npz, *.parquet.")
    ] = Path("synthetic"),
    output: Annotated[
        str | None,
        typer.Option(
            "--format", help="images, npz, csv, parquet, or a plugin's.", show_default="by --out, then by the data"
        ),
    ] = None,
    model: Annotated[Path | None, typer.Option(help="A checkpoint that ganaug train wrote.")] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Train on these data, as ganaug train does; with --model: real data to compare with."),
    ] = None,
    target: options.Target = None,
    image_size: options.ImageSize = None,
    encoding: options.Encoding = None,
    strict: options.Strict = False,
    seed: options.Seed = 0,
    use_cache: Annotated[
        bool,
        typer.Option(
            "--cache/--no-cache", help="Keep the trained model and use it again for the same data and settings."
        ),
    ] = True,
    preview: Annotated[
        bool, typer.Option("--preview/--no-preview", help="Write preview.png: real images above synthetic ones.")
    ] = True,
    escape_formulas: Annotated[
        bool,
        typer.Option(
            "--escape-formulas", help="Put ' before text that spreadsheet programs would run, like =1+1 (csv)."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; say what, how large and how long, by a short sample.")
    ] = False,
    overwrite: options.Overwrite = False,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with an interrupted run of the same settings.", rich_help_panel=_SCALE),
    ] = False,
    shard_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Samples that are made in one piece.",
            show_default="1000 images, 100000 rows",
            rich_help_panel=_SCALE,
        ),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(metavar="k/K", help="Be machine k, from 0, of K: then ganaug merge.", rich_help_panel=_SCALE),
    ] = None,
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
    objective: options.Objective = None,
    max_steps: options.MaxSteps = None,
    max_seconds: options.MaxSeconds = None,
    budget: options.Budget = None,
    quality: options.Quality = None,
    batch_size: options.BatchSize = None,
    learning_rate: options.LearningRate = None,
    device: options.Device = None,
    precision: options.Precision = None,
    settings: options.Settings = None,
    config: options.ConfigFile = None,
) -> None:
    """Write new samples of the classes you ask for.

    Without --model and --data it trains on scikit-learn's bundled digits: a demonstration in under a minute.

    Examples: ganaug synth --class 3 --n 5000

    ganaug synth --model cells.safetensors --class teardrop --n 5000 --out synthetic/

    ganaug synth --balance cells/ --include-real --out balanced/

    ganaug synth --model fraud.safetensors --n 10000000 --out rows.parquet --resume
    """
    request = Request.from_context(context)
    request.read()
    start = time.perf_counter()
    synthesizer = request.trained()
    from ganaug.cli import summary
    from ganaug.cli.verdict import MAX_JUDGED, judge_fidelity
    from ganaug.synthesis.shards import first_samples
    from ganaug.synthesis.synthesize import plan_output, synthesize

    wanted = request.wanted(synthesizer)
    if dry_run:
        result(*summary.estimate(synthesizer, plan_output(synthesizer, **wanted)[0], out), as_json)
        return
    compared = request.compared(synthesizer)
    with summary.progress(hidden=quiet or not is_first_process()) as progress:
        done = synthesize(synthesizer, **wanted, resume=resume, overwrite=overwrite, progress=progress)
    if not is_first_process():
        return
    found = None
    if compared is not None:
        found = judge_fidelity(synthesizer, compared, first_samples(synthesizer, done.plan, MAX_JUDGED))
    _report(done, time.perf_counter() - start, found, as_json, judged=request.is_first)


def _report(done: "Synthesis", seconds: float, found: "Answer | None", as_json: bool, *, judged: bool) -> None:
    """Print what was written, and how good it looks."""
    from ganaug.cli import summary
    from ganaug.cli.verdict import verdict_line

    out, plan = done.path, done.plan
    wrote = f"Wrote {plan.n:,} samples to {out} in {seconds:.0f} s:"
    lines = [f"{out} is complete, nothing was left to do:" if done.was_complete else wrote, summary.table(plan)]
    lines += [verdict_line(found)] if judged else []
    lines += [f"See {out / PREVIEW}."] if plan.preview else []
    data_out = {
        "out": str(out),
        "counts": counts_by_name(done.counts),
        "seconds": round(seconds, 2),
        "fidelity": None if found is None else found.to_dict(),
    }
    result(lines, data_out, as_json)

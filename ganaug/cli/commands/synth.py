"""``ganaug synth --class NAME --n N``."""

import math
import time
from contextlib import ExitStack
from functools import cache as once
from pathlib import Path
from typing import Annotated

import typer

from ganaug.cli import options
from ganaug.cli.console import result
from ganaug.cli.request import Request
from ganaug.core.processes import ranks
from ganaug.synthesis.manifest import PREVIEW
from ganaug.synthesis.plan import parse_shard
from ganaug.synthesis.workspace import Workspace, claimed

_SUFFIXES = ("csv", "npz", "parquet")  # of single files
_JUDGED = 2_000  # synthetic samples per class that are judged

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
    flags = options.training_flags(context)
    if model is not None and (config or settings or flags.keys() - {"device", "precision"}):
        raise typer.BadParameter("training options have no meaning with --model: it is trained already")
    if n is not None and balance is not None:
        raise typer.BadParameter("--n and --balance contradict each other: give one of them")
    if truncation is not None and not 0 < truncation < math.inf:
        raise typer.BadParameter(f"--truncation must be a positive number; got {truncation}")
    if include_real and balance is None and data is None:
        raise typer.BadParameter("--include-real needs --balance or --data")
    chosen = options.config_from(config, settings, flags)
    single_file, output = _format(out, output)
    machine = None if shard is None else parse_shard(shard)
    if machine is not None and single_file:
        raise typer.BadParameter(f"--shard writes a folder, and ganaug merge joins them; {out} is a file")
    reading = {"target": target, "image_size": image_size, "encoding": encoding, "strict": strict}
    request = Request(model, data, balance, reading, seed, use_cache, classes or [], class_indices or [], quiet)
    with ExitStack() as held:
        together = held.enter_context(ranks())
        if model is None and together.world > 1:
            raise typer.BadParameter("several processes need --model: ganaug train first")
        if not dry_run:
            held.enter_context(claimed(out, together))
            space = together.first(lambda: Workspace(out, resume=resume, overwrite=overwrite))
        request.read()
        start = time.perf_counter()
        gan = request.trained(chosen, may_train=not dry_run)
        from ganaug.cli import summary
        from ganaug.synthesis.preview import contact_sheet
        from ganaug.synthesis.synthesize import carry_out, first_samples, make_plan, resolve_device

        compared = request.encoded(gan)
        real = request.real(gan) if include_real else None
        plan = make_plan(
            gan,
            request.counts(gan, n),
            output=output,
            single_file=single_file,
            seed=seed,
            shard_size=shard_size,
            shard=machine,
            truncation=truncation,
            escape_formulas=escape_formulas,
            real_counts={} if real is None else real.counts,
            real_sha256=request.sha256(),
            preview=preview and gan.codec.schema.kind == "image" and not single_file and _is_first(machine),
            device="cpu" if device is None else resolve_device(device),
            precision=precision or "float32",
        )
        if not plan.classes:
            raise typer.BadParameter(f"--balance {balance}: no class lacks anything there")
        if dry_run:
            result(*summary.estimate(gan, plan, out), as_json)
            return
        shown = once(lambda: first_samples(gan, plan, _JUDGED))
        share = sum(shard.n for shard in plan.share(together.rank, together.world))
        with summary.progress(share, hidden=quiet or together.rank > 0) as advance:
            written = carry_out(
                gan,
                plan,
                space,
                together,
                real=real,
                preview=lambda path: contact_sheet(gan, list(shown()), compared, shown()).save(path),
                advance=advance,
            )
        if together.rank > 0:
            return
        judged = compared if _is_first(machine) else None
        quality = None if judged is None else summary.quality(gan, judged, shown())
    seconds = time.perf_counter() - start
    wrote = f"Wrote {plan.n:,} samples to {out} in {seconds:.0f} s:"
    lines = [wrote if written else f"{out} is complete, nothing was left to do:", summary.table(plan)]
    if _is_first(machine):
        lines.append(summary.verdict_line(quality))
    lines += [f"See {out / PREVIEW}."] if plan.preview else []
    data_out = {
        "out": str(out),
        "counts": plan.counts(),
        "seconds": round(seconds, 2),
        "fidelity": None if quality is None else quality.to_dict(),
    }
    result(lines, data_out, as_json)


def _format(out: Path, output: str | None) -> tuple[bool, str | None]:
    """Return whether `out` is a single file, and the format, if that is known before the model is."""
    suffix = out.suffix.lower().removeprefix(".")
    if suffix not in _SUFFIXES or out.is_dir():
        return False, output
    if output not in (None, suffix):
        raise typer.BadParameter(f"--out {out} and --format {output} contradict each other")
    return True, suffix


def _is_first(machine: tuple[int, int] | None) -> bool:
    return machine is None or machine[0] == 0

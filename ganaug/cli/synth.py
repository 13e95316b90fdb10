"""``ganaug synth --class NAME --n N``."""

import json
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug.cli import cache, options
from ganaug.cli.console import result, say
from ganaug.core import checkpoint
from ganaug.core.atomic import refuse_unwritable, replacing
from ganaug.core.errors import OutputError

if TYPE_CHECKING:
    import numpy as np

    from ganaug.core.config import TrainConfig
    from ganaug.data.readers import Dataset
    from ganaug.evaluation.fidelity import Fidelity
    from ganaug.models.gan import ConditionalGAN

MANIFEST = "manifest.json"
_JUDGED = 2_000  # synthetic samples per class that are kept for judging and the preview


def synth(
    context: typer.Context,
    classes: Annotated[
        list[str] | None,
        typer.Option(
            "--class", "-c", metavar="NAME", help="Class to make; may be repeated.", show_default="every class"
        ),
    ] = None,
    n: Annotated[int, typer.Option("--n", "-n", min=1, help="Samples per class.")] = 1000,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")] = Path("synthetic"),
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
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
    objective: options.Objective = None,
    max_steps: options.MaxSteps = None,
    max_seconds: options.MaxSeconds = None,
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
    """
    flags = options.training_flags(context)
    if model is not None and (config or settings or flags):
        raise typer.BadParameter("training options have no meaning with --model: it is trained already")
    if model is not None and not model.exists():
        raise typer.BadParameter(f"there is no file {model}")
    chosen = options.config_from(config, settings, flags)
    _refuse_foreign(out, overwrite)
    reading = {"target": target, "image_size": image_size, "encoding": encoding, "strict": strict}
    dataset = _dataset(model, data, reading, quiet)
    start = time.perf_counter()
    gan, digest = _model(model, dataset, classes, chosen, seed, use_cache, quiet)
    labels = [_label(gan.classes, name) for name in classes] if classes else gan.classes_.tolist()
    labels = list(dict.fromkeys(labels))
    real = None if dataset is None else (gan.codec.encode(dataset.X), gan.classes.index(dataset.y))
    with replacing(out, overwrite=overwrite, folder=True) as folder:
        files, kept = _write(gan, labels, n, seed, folder, quiet)
        if preview and gan.codec.schema.kind == "image":
            from ganaug.cli.preview import contact_sheet

            contact_sheet(gan, labels, real, kept).save(folder / "preview.png")
        manifest = _manifest(gan, labels, n, seed, digest, files)
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        quality = {} if real is None else _quality(gan, real, kept)
    seconds = time.perf_counter() - start
    lines = [f"Wrote {n * len(labels):,} samples to {out} in {seconds:.0f} s:"]
    lines += [f"  {label}: {_verdict(quality.get(label), real is not None)}" for label in labels]
    lines += [f"See {out / name}." for name in ("preview.png",) if (out / name).exists()]
    data_out = {
        "out": str(out),
        "counts": manifest["counts"],
        "seconds": round(seconds, 2),
        "quality": {
            str(label): {name: None if math.isnan(value) else value for name, value in vars(found).items()}
            for label, found in quality.items()
        },
    }
    result(lines, data_out, as_json)


def _refuse_foreign(out: Path, overwrite: bool) -> None:
    """Stop before any work if the output may not be written; ``--overwrite`` only replaces what synth wrote."""
    if out.exists() and not overwrite:
        raise OutputError(f"{out} exists already; choose another --out, or give --overwrite to replace it")
    if out.exists() and not _is_ours(out):
        raise OutputError(
            f"{out} was not written by ganaug synth (no {MANIFEST} of it), so it is not replaced; choose another --out"
        )
    refuse_unwritable(out, overwrite=overwrite, folder=True)


def _is_ours(out: Path) -> bool:
    """Whether a folder is empty or holds a manifest that synth wrote; other programs have a manifest.json too."""
    try:
        return "ganaug" in json.loads((out / MANIFEST).read_text(encoding="utf-8"))["versions"]
    except (OSError, ValueError, LookupError, TypeError):
        return out.is_dir() and not any(out.iterdir())


def _dataset(model: Path | None, data: Path | None, reading: dict[str, Any], quiet: bool) -> "Dataset | None":
    if data is not None:
        return options.dataset_from(data, quiet=quiet, **reading)
    if any(reading.values()):
        raise typer.BadParameter("--target, --image-size, --encoding and --strict need --data")
    if model is not None:
        return None
    from ganaug.data.readers import bundled_digits

    dataset = bundled_digits()
    if not quiet:
        say(f"no --model and no --data: training on {dataset.source}")
    return dataset


def _model(
    model: Path | None,
    dataset: "Dataset | None",
    classes: list[str] | None,
    config: "TrainConfig",
    seed: int,
    use_cache: bool,
    quiet: bool,
) -> "tuple[ConditionalGAN, str | None]":
    """Load the model, take it from the cache, or train it; return it with its checkpoint's digest, if it has one."""
    from ganaug.models.gan import load

    if model is not None:
        gan = load(model)
        return gan, checkpoint.read_header(model)["sha256"]
    assert dataset is not None
    from ganaug.training.callbacks import ProgressBar
    from ganaug.training.trainer import train

    _check_classes(dataset, classes)

    def fit() -> "ConditionalGAN":
        callbacks = [] if quiet else [ProgressBar()]
        return train(dataset.X, dataset.y, random_state=seed, callbacks=callbacks, **config.model_dump())

    return cache.kept_or_trained(dataset, config, seed, fit, quiet=quiet) if use_cache else (fit(), None)


def _check_classes(dataset: "Dataset", names: list[str] | None) -> None:
    """Refuse an unknown class before minutes of training."""
    import numpy as np

    from ganaug.core.schema import Classes

    known = Classes.from_target(np.asarray(dataset.y))
    for name in names or []:
        _label(known, name)


def _label(classes: Any, name: str) -> Any:
    try:
        return classes.named(name)
    except ValueError as error:
        raise typer.BadParameter(f"--class {name}: {error}") from None


def _write(
    gan: "ConditionalGAN", labels: list[Any], n: int, seed: int, folder: Path, quiet: bool
) -> "tuple[dict[str, str], dict[Any, np.ndarray]]":
    """Write n samples of each class; return file digests and some encoded samples of each class."""
    import numpy as np
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from ganaug.core.registry import lookup

    writer = lookup("writers", gan.codec.schema.kind)(folder, gan.codec, labels, gan.classes.target)
    kept: dict[Any, Any] = {}
    columns = (TextColumn("writing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as bar:
        task = bar.add_task("", total=n * len(labels))
        for label in labels:
            condition = int(gan.classes.index([label])[0])
            rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(condition, 0)))
            for chunk in gan.sample_iter(n, label=label, random_state=rng):
                writer.write(label, chunk)
                if label not in kept:
                    kept[label] = gan.codec.encode(chunk)[:_JUDGED]
                bar.advance(task, chunk.shape[0] if hasattr(chunk, "shape") else len(chunk))
    return writer.close(), kept


def _manifest(
    gan: "ConditionalGAN", labels: list[Any], n: int, seed: int, digest: str | None, files: dict[str, str]
) -> dict[str, Any]:
    import torch

    import ganaug

    return {
        "format": 1,
        "classes": labels,
        "counts": {str(label): n for label in labels},
        "schema": gan.codec.schema.describe(),
        "seed": seed,
        "checkpoint_sha256": digest,
        "versions": {"ganaug": ganaug.__version__, "torch": torch.__version__},
        "files": files,
    }


def _quality(
    gan: "ConditionalGAN", real: "tuple[np.ndarray, np.ndarray]", kept: "dict[Any, np.ndarray]"
) -> "dict[Any, Fidelity]":
    """Judge every class that has real samples to compare with."""
    from ganaug.evaluation.fidelity import assess

    conditions = {label: int(gan.classes.index([label])[0]) for label in kept}
    enough = {label: condition for label, condition in conditions.items() if (real[1] == condition).sum() >= 2}
    found = assess(*real, {condition: kept[label] for label, condition in enough.items()})
    return {label: found[condition] for label, condition in enough.items()}


def _verdict(found: "Fidelity | None", compared: bool) -> str:
    if found is None:
        why = "fewer than 2 real samples" if compared else "give --data: the real samples to compare with"
        return f"not judged ({why})"
    called = (
        f"{found.agreement:.1%} are called so by an SVM trained on the real data (real ones, held out: "
        f"{found.agreement_real:.1%}); "
    )
    near = (
        f"; nearest real sample {found.nearest_ratio:.2f} × as far as between real ones "
        "(well under 1 would mean copies)"
    )
    return (
        ("" if math.isnan(found.agreement) else called)
        + f"diversity: they cover {found.coverage:.0%} of the real samples"
        + ("" if math.isnan(found.nearest_ratio) else near)
    )

"""``ganaug translate`` and ``ganaug restore``; torch is imported when they run."""

from pathlib import Path
from typing import Annotated, Any

import typer
from ganaug.cli import options
from ganaug.cli.console import result
from ganaug.cli.training import Resume, SnapshotEvery, interval, resumable, snapshots
from ganaug.core.errors import ConfigError
from ganaug.core.files import refuse_unwritable
from ganaug.core.processes import is_first_process, launched

_TRAINING = "Training"


def translate(
    data: Annotated[Path, typer.Argument(help="Image folder with a subfolder per class, or .npz.")],
    source: Annotated[str, typer.Option("--from", metavar="CLASS", help="Class to translate.")],
    target: Annotated[str, typer.Option("--to", metavar="CLASS", help="Class to translate into.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")],
    model: Annotated[
        Path | None, typer.Option(help="A translator to use; nothing is trained.", show_default="train one on DATA")
    ] = None,
    save: Annotated[Path | None, typer.Option(help="Checkpoint to keep the trained translator in.")] = None,
    method: Annotated[
        str, typer.Option(help="cut, fastcut or cyclegan (both directions).", rich_help_panel=_TRAINING)
    ] = "cut",
    pretrained: Annotated[
        Path | None, typer.Option(help="A translator of another domain to start from.", rich_help_panel=_TRAINING)
    ] = None,
    image_size: options.ImageSize = None,
    max_steps: options.MaxSteps = None,
    max_seconds: options.MaxSeconds = None,
    settings: options.Settings = None,
    device: options.Device = None,
    licence: options.Licence = None,
    origin: options.Source = None,
    seed: options.Seed = 0,
    resume: Resume = False,
    snapshot_every: SnapshotEvery = "60s",
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
) -> None:
    """Translate images of one class into another, and write them with a picture of before and after.

    Without --model, a translator is trained on the images of both classes first. OUT/TO/000000.png is the translation
    of the first image of the class FROM; OUT/preview.png shows some beside their originals.

    Example: ganaug translate cells/ --from normal --to teardrop --out translated/ --save teardrops.safetensors
    """
    if is_first_process():
        for path, is_folder in ((out, True), (save, False)):
            if path is not None:
                refuse_unwritable(path, overwrite=overwrite, folder=is_folder)
    dataset = options.dataset_from(data, None, image_size, quiet=quiet)
    flags = {"max_steps": max_steps, "max_seconds": max_seconds, "device": device}
    given = options.settings_from(None, settings, {name: value for name, value in flags.items() if value is not None})
    state = out.parent / f"{out.name}.resume"
    if model is None:
        from ganaug.training.callbacks import ProgressBar

        from ganaug_translate.training import labels_named, train_translator

        labels = labels_named(dataset.y, source, target)
        callbacks = [] if quiet or not is_first_process() else [ProgressBar()]
        callbacks += snapshots(state, interval(snapshot_every), resume=resume, overwrite=overwrite)
        chosen = {"source": labels[0], "target": labels[1], "method": method, "pretrained": pretrained}
        told = {"random_state": seed, "callbacks": callbacks, "distributed": launched()}
        with resumable(state):
            translator = train_translator(dataset.X, dataset.y, **chosen, **told, **given)
    else:
        translator = _loaded(model, "translator")
    if not is_first_process():
        return
    digest = None
    if save is not None:
        digest = translator.save(save, overwrite=overwrite, data=data.name, licence=licence, source=origin)
    from ganaug_translate.output import write_translations

    n = write_translations(translator, dataset, source, target, out, overwrite=overwrite)
    state.unlink(missing_ok=True)
    said = {"out": str(out), "images": n, "from": source, "to": target, "steps": translator.step, "sha256": digest}
    lines = [f"Translated {n:,} images of {source} into {target}.", f"See {out / 'preview.png'}."]
    result(lines + ([f"Saved {save}."] if save else []), said, as_json)


def _loaded(path: Path, name: str) -> Any:
    """Load a checkpoint of this distribution.

    Raises
    ------
    ConfigError
        If it is of another sort of model.
    """
    from ganaug.models.synthesizer import load

    if not path.exists():
        raise typer.BadParameter(f"there is no file {path}")
    model = load(path)
    if getattr(model, "name", "") != name:
        raise ConfigError(f"{path} holds a {getattr(model, 'name', type(model).__name__)}, not a {name}")
    return model


def restore(
    data: Annotated[Path, typer.Argument(help="Folder of images of any size, with or without subfolders.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; names and subfolders stay.")],
    task: Annotated[
        str | None, typer.Option(help="superres, denoise, deblur or inpaint.", show_default="that of --model")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="A restorer to use; nothing is trained.", show_default="train one")
    ] = None,
    train_on: Annotated[
        Path | None,
        typer.Option(
            "--train-on", metavar="FOLDER", help="Good images to learn from.", show_default="DATA; for inpaint its rest"
        ),
    ] = None,
    masks: Annotated[
        Path | None, typer.Option("--mask", help="Folder of masks of the same names, white where hidden (inpaint).")
    ] = None,
    colour: Annotated[
        str | None, typer.Option(metavar="GRAY|R,G,B", help="Instead of masks: what has this colour is hidden.")
    ] = None,
    save: Annotated[Path | None, typer.Option(help="Checkpoint to keep the trained restorer in.")] = None,
    pretrained: Annotated[
        Path | None, typer.Option(help="A restorer of another domain to start from.", rich_help_panel=_TRAINING)
    ] = None,
    max_steps: options.MaxSteps = None,
    max_seconds: options.MaxSeconds = None,
    settings: options.Settings = None,
    device: options.Device = None,
    licence: options.Licence = None,
    origin: options.Source = None,
    seed: options.Seed = 0,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
) -> None:
    """Restore images: make them larger, less noisy, sharper, or fill what is hidden.

    Without --model, a restorer is trained first, by spoiling the images of --train-on and learning to undo it. Images
    of 8 and 16 bits keep their depth. What is filled in or sharpened is invented: likely, not measured.

    Example: ganaug restore in/ --task inpaint --mask masks/ --out out/
    """
    from ganaug_translate.output import read_pictures, write_restorations

    for path, is_folder in ((out, True), (save, False)):
        if path is not None:
            refuse_unwritable(path, overwrite=overwrite, folder=is_folder)
    if model is None and task is None:
        raise typer.BadParameter("give --task, or a --model")
    pictures = read_pictures(data)
    hidden = None if masks is None else read_pictures(masks)
    if model is None:
        from ganaug.training.callbacks import ProgressBar

        from ganaug_translate.training import train_restorer

        flags = {"max_steps": max_steps, "max_seconds": max_seconds, "device": device}
        given = {name: value for name, value in flags.items() if value is not None}
        restorer = train_restorer(
            list((pictures if train_on is None else read_pictures(train_on)).values()),
            task=task or "",
            pretrained=pretrained,
            random_state=seed,
            callbacks=[] if quiet else [ProgressBar()],
            **options.settings_from(None, settings, given),
        )
    else:
        restorer = _loaded(model, "restorer")
        if task not in (None, restorer.config.network):
            raise ConfigError(f"{model} is a restorer for {restorer.config.network!r}; got --task {task}")
    digest = None
    if save is not None:
        digest = restorer.save(save, overwrite=overwrite, data=data.name, licence=licence, source=origin)
    hue = None if colour is None else [int(part) for part in colour.split(",")]
    n = write_restorations(restorer, pictures, hidden, hue, out, overwrite=overwrite, quiet=quiet)
    said = {"out": str(out), "images": n, "task": restorer.config.network, "steps": restorer.step, "sha256": digest}
    result([f"Restored {n:,} images in {out}."] + ([f"Saved {save}."] if save else []), said, as_json)

"""``ganaug translate`` and ``ganaug restore``; torch is imported when they run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from ganaug.cli import options
from ganaug.cli.console import result
from ganaug.cli.options import grouped
from ganaug.cli.training import interval, resumable, snapshots
from ganaug.core.errors import ConfigError
from ganaug.core.files import refuse_unwritable
from ganaug.core.processes import is_first_process, launched

_TRAINING = {"rich_help_panel": "Training"}


@dataclass(frozen=True, kw_only=True)
class Learning:
    """The options of a command that trains a model unless it is given one."""

    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")]
    model: Annotated[
        Path | None, typer.Option(help="A checkpoint to use; nothing is trained.", show_default="train one")
    ] = None
    save: Annotated[Path | None, typer.Option(help="Checkpoint to keep the trained model in.")] = None
    pretrained: Annotated[Path | None, typer.Option(help="A model of another domain to start from.", **_TRAINING)] = (
        None
    )
    max_steps: Annotated[int | None, typer.Option(min=1, show_default="by the method", **_TRAINING)] = None
    max_seconds: Annotated[float | None, typer.Option(min=0.001, show_default="no limit", **_TRAINING)] = None
    budget: Annotated[
        str | None, typer.Option(metavar="30s|2m|1h", help="The same as a time.", show_default="no limit", **_TRAINING)
    ] = None
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any other setting; may be repeated.", **_TRAINING),
    ] = None
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, cuda:1, mps.", show_default="the fastest", **_TRAINING)
    ] = None
    licence: Annotated[str | None, typer.Option(help="Terms of use of the data; kept in the checkpoint.")] = None
    source: Annotated[str | None, typer.Option("--source", help="Where the data are from; kept in the checkpoint.")] = (
        None
    )
    seed: options.Seed = 0
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an interrupted training stopped.")] = False
    snapshot_every: Annotated[
        str,
        typer.Option(
            metavar="N|SECONDSs|never",
            help="How often the state is kept beside --out: steps like 500, or seconds like 30s.",
        ),
    ] = "60s"
    overwrite: options.Overwrite = False
    quiet: options.Quiet = False
    as_json: options.AsJson = False

    @property
    def state(self) -> Path:
        """Where the state of an unfinished training is kept."""
        return self.out.parent / f"{self.out.name}.resume"

    def refuse_unwritable(self) -> None:
        """Refuse to write where something stands already, before anything is trained."""
        if is_first_process():
            refuse_unwritable(self.out, overwrite=self.overwrite, folder=True)
            if self.save is not None:
                refuse_unwritable(self.save, overwrite=self.overwrite)

    def shared(self) -> dict[str, Any]:
        """Return what `train_translator` and `train_restorer` take alike."""
        from ganaug.training.callbacks import ProgressBar

        callbacks = [] if self.quiet or not is_first_process() else [ProgressBar()]
        callbacks += snapshots(self.state, interval(self.snapshot_every), resume=self.resume, overwrite=self.overwrite)
        names = "max_steps", "max_seconds", "budget", "settings", "device"
        given = options.Training(**{name: getattr(self, name) for name in names}).merged()
        own = {"pretrained": self.pretrained, "random_state": self.seed, "callbacks": callbacks}
        return {**own, "distributed": launched(), **given}

    def load(self, name: str) -> Any:
        """Load the model that was given.

        Raises
        ------
        ConfigError
            If it is of another sort.
        """
        from ganaug.models.synthesizer import load

        assert self.model is not None
        if not self.model.exists():
            raise typer.BadParameter(f"there is no file {self.model}")
        model = load(self.model)
        if getattr(model, "name", "") != name:
            raise ConfigError(f"{self.model} holds a {getattr(model, 'name', type(model).__name__)}, not a {name}")
        return model

    def keep(self, model: Any, data: Path) -> None:
        """Save the model, if that is wanted."""
        if self.save is not None:
            told = {"data": data.name, "licence": self.licence, "source": self.source}
            model.save(self.save, overwrite=self.overwrite, **told)

    def finish(self, model: Any, told: dict[str, Any], lines: list[str]) -> None:
        """Forget the state of the training, and print the result."""
        self.state.unlink(missing_ok=True)
        lines = lines if self.save is None else [*lines, f"Saved {self.save}."]
        told = {"out": str(self.out), **told, "steps": model.step, "sha256": model.sha256}
        result(lines, told, self.as_json)


@grouped
def translate(
    data: Annotated[Path, typer.Argument(help="Image folder with a subfolder per class, or .npz.")],
    origin: Annotated[str, typer.Option("--from", metavar="CLASS", help="Class to translate.")],
    target: Annotated[str, typer.Option("--to", metavar="CLASS", help="Class to translate into.")],
    learning: Learning,
    method: Annotated[str, typer.Option(help="cut, fastcut or cyclegan (both directions).", **_TRAINING)] = "cut",
    image_size: Annotated[
        str | None, typer.Option(metavar="N|HxW", help="Resize the images of a folder, for example 32 or 32x48.")
    ] = None,
) -> None:
    """Translate images of one class into another, and write them with a picture of before and after.

    Without --model, a translator is trained on the images of both classes first. OUT/TO/000000.png is the translation
    of the first image of the class FROM; OUT/preview.png shows some beside their originals.

    Example: ganaug translate cells/ --from normal --to teardrop --out translated/ --save teardrops.safetensors
    """
    learning.refuse_unwritable()
    dataset = options.Reading(image_size=image_size).read(data, quiet=learning.quiet)
    if learning.model is None:
        from ganaug_translate.training import labels_named, train_translator

        labels = dict(zip(("source", "target"), labels_named(dataset.y, origin, target), strict=True))
        with resumable(learning.state):
            translator = train_translator(dataset.X, dataset.y, **labels, method=method, **learning.shared())
    else:
        translator = learning.load("translator")
    if not is_first_process():
        return
    from ganaug_translate.output import write_translations

    learning.keep(translator, data)
    n = write_translations(translator, dataset, origin, target, learning.out, overwrite=learning.overwrite)
    lines = [f"Translated {n:,} images of {origin} into {target}.", f"See {learning.out / 'preview.png'}."]
    learning.finish(translator, {"images": n, "from": origin, "to": target}, lines)


@grouped
def restore(
    data: Annotated[Path, typer.Argument(help="Folder of images of any size, with or without subfolders.")],
    learning: Learning,
    task: Annotated[
        str | None, typer.Option(help="superres, denoise, deblur or inpaint.", show_default="that of --model")
    ] = None,
    train_on: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Good images to learn from.", show_default="DATA")
    ] = None,
    mask: Annotated[
        Path | None, typer.Option(help="Folder of masks of the same names, white where hidden (inpaint).")
    ] = None,
    colour: Annotated[
        str | None, typer.Option(metavar="GRAY|R,G,B", help="Instead of masks: what has this colour is hidden.")
    ] = None,
) -> None:
    """Restore images: make them larger, less noisy, sharper, or fill what is hidden.

    Without --model, a restorer is trained first, by spoiling the images of --train-on and learning to undo it. Images
    of 8 and 16 bits keep their depth. What is filled in or sharpened is likely, not measured.

    Example: ganaug restore in/ --task inpaint --mask masks/ --out out/
    """
    if learning.model is None and task is None:
        raise typer.BadParameter("give --task, or a --model")
    learning.refuse_unwritable()
    from ganaug_translate.output import read_pictures, write_restorations

    pictures = read_pictures(data)
    masks = None if mask is None else read_pictures(mask)
    if learning.model is None:
        from ganaug_translate.training import train_restorer

        good = pictures if train_on is None else read_pictures(train_on)
        with resumable(learning.state):
            restorer = train_restorer(list(good.values()), task=task or "", **learning.shared())
    else:
        restorer = learning.load("restorer")
        if task not in (None, restorer.config.network):
            raise ConfigError(f"{learning.model} is a restorer for {restorer.config.network!r}; got --task {task}")
    if not is_first_process():
        return
    learning.keep(restorer, data)
    hue = None if colour is None else [int(part) for part in colour.split(",")]
    writing = {"overwrite": learning.overwrite, "quiet": learning.quiet}
    n = write_restorations(restorer, pictures, masks, hue, learning.out, **writing)
    lines = [f"Restored {n:,} images in {learning.out}."]
    learning.finish(restorer, {"images": n, "task": restorer.config.network}, lines)

"""Options that several commands share, and how they become a configuration and a data set."""

import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug.cli.console import say
from ganaug.core.config import TrainConfig
from ganaug.core.errors import ConfigError

if TYPE_CHECKING:
    from ganaug.data.readers import Dataset

_TRAINING = "Training"

Data = Annotated[Path, typer.Argument(help="Image folder with a subfolder per class, .npz, .csv, .tsv or .parquet.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Checkpoint to write, usually *.safetensors.")]
Objective = Annotated[
    str | None,
    typer.Option(
        help="relativistic, vanilla, lsgan, wgan, wgan-gp, hinge, or a plugin's.",
        rich_help_panel=_TRAINING,
        show_default="relativistic",
    ),
]
MaxSteps = Annotated[
    int | None, typer.Option(min=1, help="Generator steps.", rich_help_panel=_TRAINING, show_default="by the data")
]
MaxSeconds = Annotated[
    float | None,
    typer.Option(
        min=0.001, help="Stop training after so many seconds.", rich_help_panel=_TRAINING, show_default="no limit"
    ),
]
Budget = Annotated[
    str | None,
    typer.Option(
        metavar="30s|2m|1h", help="The same as a time: 30s, 2m, 1h.", rich_help_panel=_TRAINING, show_default="no limit"
    ),
]
Quality = Annotated[
    str | None,
    typer.Option(
        help="draft (seconds), standard, best (longer), or oversampling (what helps a classifier).",
        rich_help_panel=_TRAINING,
        show_default="standard",
    ),
]
BatchSize = Annotated[int | None, typer.Option(min=2, rich_help_panel=_TRAINING, show_default="by the data")]
LearningRate = Annotated[
    float | None, typer.Option(min=1e-12, rich_help_panel=_TRAINING, show_default="the objective's")
]
Device = Annotated[
    str | None, typer.Option(help="cpu, cuda, cuda:1, mps.", rich_help_panel=_TRAINING, show_default="the fastest")
]
Precision = Annotated[
    str | None, typer.Option(help="float32 or bfloat16.", rich_help_panel=_TRAINING, show_default="by the machine")
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="Any other training setting; may be repeated.", rich_help_panel=_TRAINING
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE.toml",
        help="Training settings; options given here win over it.",
        rich_help_panel=_TRAINING,
    ),
]
Target = Annotated[str | None, typer.Option(help="Label column of a table.", show_default="the last column")]
ImageSize = Annotated[
    str | None, typer.Option(metavar="N|HxW", help="Resize the images of a folder, for example 32 or 32x48.")
]
Encoding = Annotated[
    str | None, typer.Option(help="Of a text table, for example cp1252.", show_default="found by looking")
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Stop at files that cannot be read, instead of leaving them out.")
]
Licence = Annotated[str | None, typer.Option(help="Terms of use of the data; kept in the checkpoint.")]
Source = Annotated[str | None, typer.Option(help="Where the data are from; kept in the checkpoint.")]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 2, help="The same seed gives the same result.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no remarks.")]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="A live table of curves in place of the progress bar.")]
TensorBoard = Annotated[
    Path | None,
    typer.Option(
        "--tensorboard", metavar="FOLDER", help="Write curves, samples and fidelity for TensorBoard into a new folder."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]


_TRAINING_OPTIONS = (
    "quality",
    "objective",
    "max_steps",
    "max_seconds",
    "batch_size",
    "learning_rate",
    "device",
    "precision",
)


def training_flags(context: typer.Context) -> dict[str, Any]:
    """Return the training options that were given to a command."""
    flags = {name: context.params[name] for name in _TRAINING_OPTIONS if context.params[name] is not None}
    budget = context.params["budget"]
    if budget is None:
        return flags
    if "max_seconds" in flags:
        raise typer.BadParameter("--budget and --max-seconds say the same; give one")
    return flags | {"max_seconds": seconds(budget)}


def seconds(budget: str) -> float:
    """Read ``30s``, ``2m`` or ``1h``."""
    found = re.fullmatch(r"([0-9]*\.?[0-9]+)([smh])", budget)
    if not found or not float(found[1]):
        raise typer.BadParameter(f"--budget {budget}: expected a time like 30s, 2m or 1h")
    return float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]


def config_from(file: Path | None, settings: list[str] | None, flags: dict[str, Any]) -> TrainConfig:
    """Build a configuration: defaults, then the file, then ``--set``, then flags that were given.

    Raises
    ------
    ConfigError
        On unknown names, unusable values or an unreadable file.
    """
    return TrainConfig(**settings_from(file, settings, flags))


def settings_from(file: Path | None, settings: list[str] | None, flags: dict[str, Any]) -> dict[str, Any]:
    """Merge the settings of the file, of ``--set`` and of flags that were given; the later win.

    Raises
    ------
    ConfigError
        On an unreadable file or a setting without a value.
    """
    values: dict[str, Any] = {}
    if file is not None:
        values |= _toml(file)
    for setting in settings or []:
        name, equals, value = setting.partition("=")
        if not equals:
            raise ConfigError(f"--set {setting}: expected NAME=VALUE")
        values[name.strip().replace("-", "_")] = _value(value.strip())
    return values | flags


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise ConfigError(f"cannot read {file}: it is not UTF-8 text, so it is no TOML file") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"cannot read {file} as TOML: {error}; expected lines like max_steps = 500") from None
    except RecursionError:
        raise ConfigError(f"cannot read {file} as TOML: brackets are nested too deeply") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {file}: {getattr(error, 'strerror', None) or error}") from None


def _value(text: str) -> Any:
    """Read a value as TOML would, and as plain text where it would not."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return None if text in ("none", "None") else text


def dataset_from(
    data: Path,
    target: str | None,
    image_size: str | None,
    *,
    encoding: str | None = None,
    strict: bool = False,
    quiet: bool = False,
) -> "Dataset":
    """Read the data set that a command was given, and say what the reader assumed."""
    if not os.path.lexists(data):
        raise typer.BadParameter(f"there is no file or folder {data}")
    size = _size(image_size)
    from ganaug.data.readers import read

    dataset = read(data, target=target, image_size=size, encoding=encoding, strict=strict)
    for remark in () if quiet else dataset.remarks:
        say(f"note: {remark}")
    return dataset


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    parts = re.fullmatch(r"([0-9]{1,5})(?:[xX]([0-9]{1,5}))?", text)
    height, width = (int(parts[1]), int(parts[2] or parts[1])) if parts else (0, 0)
    if not (4 <= height <= 4096 and 4 <= width <= 4096):
        raise typer.BadParameter(
            f"--image-size {text}: expected 4 to 4096 pixels like 32, or height x width like 32x48"
        )
    return height, width

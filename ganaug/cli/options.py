"""Options that several commands share: one by one, and in groups that a command takes as one parameter."""

import functools
import os
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, is_dataclass
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug.cli.console import say
from ganaug.core.config import TrainConfig
from ganaug.core.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from ganaug.data.readers import Dataset

Seed = Annotated[int, typer.Option(min=0, max=2**31 - 2, help="The same seed gives the same result.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no remarks.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]

_training_option = functools.partial(typer.Option, rich_help_panel="Training")


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take groups of options: a parameter whose type is a dataclass stands for the fields of that class.

    Examples
    --------
    >>> from dataclasses import make_dataclass
    >>> Size = make_dataclass("Size", [("width", int), ("height", int)])
    >>> @grouped
    ... def show(size: Size, quiet: bool = False) -> None:
    ...     print(size.height, quiet)
    >>> ", ".join(signature(show).parameters)
    'width, height, quiet'
    >>> show(width=3, height=2, quiet=True)
    2 True
    """
    parameters = signature(command).parameters.values()
    options = list(_flat(parameters))

    @functools.wraps(command)
    def flat(**values: Any) -> None:
        command(**_nested(parameters, values))

    flat.__annotations__ = {option.name: option.annotation for option in options}
    flat.__signature__ = Signature(options)  # type: ignore[attr-defined]
    return flat


def _flat(parameters: Collection[Parameter]) -> Iterator[Parameter]:
    for parameter in parameters:
        if fields := _fields(parameter):
            yield from _flat(fields)
        else:
            yield parameter.replace(kind=Parameter.KEYWORD_ONLY)


def _nested(parameters: Collection[Parameter], values: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a command, or of a group, from the value of every option."""
    return {
        parameter.name: parameter.annotation(**_nested(fields, values))
        if (fields := _fields(parameter))
        else values[parameter.name]
        for parameter in parameters
    }


def _fields(parameter: Parameter) -> Collection[Parameter]:
    """Return the fields of a group of options; nothing, if the parameter is an option itself."""
    is_group = is_dataclass(parameter.annotation)
    return signature(parameter.annotation).parameters.values() if is_group else ()


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How data are read."""

    kind: Annotated[str, typer.Option(help="table, image, or a plugin's.", show_default="by the data")] = "auto"
    target: Annotated[str | None, typer.Option(help="Label column of a table.", show_default="the last column")] = None
    column: Annotated[
        str | None,
        typer.Option(help="Column of the samples, where a plugin reads one (texts).", show_default="its choice"),
    ] = None
    image_size: Annotated[
        str | None, typer.Option(metavar="N|HxW", help="Resize the images of a folder, for example 32 or 32x48.")
    ] = None
    encoding: Annotated[
        str | None, typer.Option(help="Of a text table, for example cp1252.", show_default="found by looking")
    ] = None
    header: Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header",
            help="Whether the first line of a text table names its columns.",
            show_default="it has to",
        ),
    ] = None
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at files that cannot be read, instead of leaving them out.")
    ] = False

    def read(self, data: Path, *, quiet: bool = False) -> "Dataset":
        """Read the data set that a command was given, and say what the reader assumed."""
        if not os.path.lexists(data):
            raise typer.BadParameter(f"there is no file or folder {data}")
        size = _size(self.image_size)
        from ganaug.data.readers import read

        given: dict[str, Any] = {
            name: getattr(self, name) for name in ("kind", "target", "column", "encoding", "header", "strict")
        }
        dataset = read(data, image_size=size, **given)
        for remark in () if quiet else dataset.remarks:
            say(f"note: {remark}")
        return dataset


@dataclass(frozen=True, kw_only=True)
class Training:
    """How a model is trained."""

    objective: Annotated[
        str | None,
        _training_option(
            help="relativistic, vanilla, lsgan, wgan, wgan-gp, hinge, or a plugin's.", show_default="relativistic"
        ),
    ] = None
    max_steps: Annotated[int | None, _training_option(min=1, help="Generator steps.", show_default="by the data")] = (
        None
    )
    max_seconds: Annotated[
        float | None,
        _training_option(min=0.001, help="Stop training after so many seconds.", show_default="no limit"),
    ] = None
    budget: Annotated[
        str | None,
        _training_option(metavar="30s|2m|1h", help="The same as a time: 30s, 2m, 1h.", show_default="no limit"),
    ] = None
    quality: Annotated[
        str | None,
        _training_option(
            help="draft (seconds), standard, best (longer), or oversampling (what helps a classifier).",
            show_default="standard",
        ),
    ] = None
    batch_size: Annotated[int | None, _training_option(min=2, show_default="by the data")] = None
    learning_rate: Annotated[float | None, _training_option(min=1e-12, show_default="the objective's")] = None
    device: Annotated[str | None, _training_option(help="cpu, cuda, cuda:1, mps.", show_default="the fastest")] = None
    precision: Annotated[str | None, _training_option(help="float32 or bfloat16.", show_default="by the machine")] = (
        None
    )
    settings: Annotated[
        list[str] | None,
        _training_option("--set", metavar="NAME=VALUE", help="Any other training setting; may be repeated."),
    ] = None
    config_file: Annotated[
        Path | None,
        _training_option("--config", metavar="FILE.toml", help="Training settings; options given here win over it."),
    ] = None

    def flags(self) -> dict[str, Any]:
        """Return the settings that have an option of their own and were given."""
        values = {name: getattr(self, name) for name in TrainConfig.model_fields if hasattr(self, name)}
        flags = {name: value for name, value in values.items() if value is not None}
        if self.budget is None:
            return flags
        if "max_seconds" in flags:
            raise typer.BadParameter("--budget and --max-seconds say the same; give one")
        return flags | {"max_seconds": seconds(self.budget)}

    def merged(self) -> dict[str, Any]:
        """Merge the settings of the file, of ``--set`` and of options that were given; the later win.

        Raises
        ------
        ConfigError
            On an unreadable file or a setting without a value.
        """
        values = {} if self.config_file is None else _toml(self.config_file)
        for setting in self.settings or []:
            name, equals, value = setting.partition("=")
            if not equals:
                raise ConfigError(f"--set {setting}: expected NAME=VALUE")
            values[name.strip().replace("-", "_")] = _value(value.strip())
        return values | self.flags()

    def config(self) -> TrainConfig:
        """Build the configuration: what nothing was said about has its default.

        Raises
        ------
        ConfigError
            On unknown names, unusable values or an unreadable file.
        """
        return TrainConfig(**self.merged())


def no_class(name: str, known: Iterable[object]) -> typer.BadParameter:
    """Return the error for a class that a model has not; names are quoted as a shell wants them."""
    hint = did_you_mean(name, known, quote=_quoted)
    return typer.BadParameter(f"--class: the model has no class {_quoted(name)}; {hint}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"  # as shlex.quote, but plain names too


def seconds(budget: str) -> float:
    """Read ``30s``, ``2m`` or ``1h``."""
    match = re.fullmatch(r"([0-9]*\.?[0-9]+)([smh])", budget)
    if not match or not float(match[1]):
        raise typer.BadParameter(f"--budget {budget}: expected a time like 30s, 2m or 1h")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]


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

"""The ``ganaug`` command: its parts, and the one place where errors become a line and an exit code."""

import signal
import warnings
from importlib import import_module
from typing import Annotated, Any

import typer

import ganaug
from ganaug.cli.commands.cache import cache
from ganaug.cli.commands.compare import compare
from ganaug.cli.commands.doctor import doctor
from ganaug.cli.commands.evaluate import evaluate
from ganaug.cli.commands.explore import explore
from ganaug.cli.commands.finetune import finetune
from ganaug.cli.commands.info import info
from ganaug.cli.commands.merge import merge
from ganaug.cli.commands.plugins import plugins
from ganaug.cli.commands.pool import pool
from ganaug.cli.commands.synth import synth
from ganaug.cli.commands.train import train
from ganaug.cli.commands.verify import verify
from ganaug.cli.console import say
from ganaug.cli.extension import ExtensibleGroup
from ganaug.core.errors import ConfigError, GANAugError, Interrupted, PluginNotFoundError, UnknownTargetError
from ganaug.core.processes import is_first_process

_UsageError: type[Exception] = getattr(typer, "TyperException", None) or import_module("click").ClickException
_CALLED_OTHERWISE = {  # what people try, because other programs call it so
    "--epochs": "--max-steps (generator steps), or --budget 2m",
    "--steps": "--max-steps",
    "--lr": "--learning-rate",
    "--output": "--out",
    "--label": "--target",
    "--gpu": "--device cuda",
    "--n-samples": "--n",
    "--num-samples": "--n",
    "--checkpoint": "--model",
}
app = typer.Typer(
    name="ganaug",
    cls=ExtensibleGroup,
    help="Learn the classes you have least of, and write as many new samples of them as you need.",
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(compare)
app.command()(train)
app.command()(finetune)
app.command()(synth)
app.command()(verify)
app.command()(merge)
app.command()(pool)
app.command()(evaluate)
app.command()(explore)
app.command()(info)
app.command()(plugins)
app.command()(doctor)
app.add_typer(cache, name="cache")


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Learn the classes you have least of, and write as many new samples of them as you need."""
    if version:
        typer.echo(f"ganaug {ganaug.__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit


class _Terminated(KeyboardInterrupt):
    """SIGTERM came: what is cleaned up after Ctrl-C is cleaned up after it too."""

    exit_code = 128 + signal.SIGTERM
    came = False  # typer keeps the exception to itself


def listen() -> None:
    """End by SIGTERM as by Ctrl-C: with a word, and without leaving locks and halves of files."""

    def heard(number: int, frame: Any) -> None:
        _Terminated.came = True
        raise _Terminated

    signal.signal(signal.SIGTERM, heard)


def run(arguments: list[str]) -> int:
    """Run the command line and return the exit code.

    0: done. 1: it could not be done. 2: what was typed is wrong. 130: interrupted (143: by SIGTERM).
    """
    warnings.showwarning = lambda message, *_: say(f"warning: {message}") if is_first_process() else None
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:], "--help"]
    try:
        code = app(arguments, prog_name="ganaug", standalone_mode=False) or 0
    except Interrupted as error:
        if is_first_process():
            say(str(error))
        return error.exit_code
    except (GANAugError, _UsageError, OSError) as error:
        if "--debug" in arguments[:1]:
            raise
        said = getattr(error, "format_message", error.__str__)()
        option = getattr(error, "option_name", "")
        said = f"no option {option}: ganaug calls it {other}" if (other := _CALLED_OTHERWISE.get(option)) else said
        if isinstance(error, OSError) and not isinstance(error, GANAugError):
            said = f"{error.filename or 'the file system'}: {error.strerror or error}"
        say(f"error: {said}")
        usage = isinstance(error, (ConfigError, PluginNotFoundError, UnknownTargetError))
        return 2 if usage else getattr(error, "exit_code", 1)
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    if code == 130 and is_first_process():
        say(f"{'terminated' if _Terminated.came else 'interrupted'}; nothing was written")
    return _Terminated.exit_code if code == 130 and _Terminated.came else code

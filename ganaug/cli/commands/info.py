"""``ganaug info MODEL``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ganaug.cli import options
from ganaug.cli.console import result
from ganaug.core import checkpoint
from ganaug.core.container import POOL, is_named
from ganaug.core.errors import CheckpointError, PluginNotFoundError
from ganaug.core.provenance import Provenance, TransferReport
from ganaug.core.schema import LIGHT_SCHEMAS


def info(
    model: Annotated[Path, typer.Argument(help="A checkpoint, or a pool.")],
    as_json: options.AsJson = False,
) -> None:
    """Show what a checkpoint or a pool holds, without loading it.

    Example: ganaug info cells.safetensors
    """
    if not model.exists():
        raise typer.BadParameter(f"there is no file {model}")
    if is_named(model, POOL):
        from ganaug.loops.pool import Pool

        pool = Pool(model)
        result(pool.lines(), pool.header, as_json)
        return
    header = checkpoint.read_header(model)
    try:
        lines = _lines(model, header)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{model} is damaged: its header does not describe a model ({error})") from error
    result(lines, header, as_json)


def _lines(model: Path, header: dict[str, Any]) -> list[str]:
    history, config = header["history"], header["config"]
    transfer = header.get("transfer")
    return [
        f"{model}: {_described(header)}",
        "classes: " + ", ".join(f"{entry['label']} ({entry['count']:,})" for entry in header["classes"]),
        f"trained: {header['step']:,} steps, objective {config['objective']}, network {config['network']}",
        *([f"losses at the end: D {history['d_loss'][-1]:.3f}, G {history['g_loss'][-1]:.3f}"] if history else []),
        *([] if transfer is None else [f"transfer: {TransferReport(**transfer)}"]),
        *Provenance(**header.get("provenance", {})).lines(),
        "written by: " + ", ".join(f"{name} {version}" for name, version in header["versions"].items()),
        f"sha256: {header['sha256']}",
    ]


def _described(header: dict[str, Any]) -> str:
    """Say what sort of data a model is of, also where nothing is installed that knows it."""
    schema = header["schema"]
    if schema["kind"] in LIGHT_SCHEMAS:
        return LIGHT_SCHEMAS[schema["kind"]](**schema).describe()
    from ganaug.data.kind import kind_named

    try:
        kind = kind_named(schema["kind"])
    except PluginNotFoundError as error:
        return f"data that nothing installed here knows ({error})"
    return kind.codec.from_json(schema, header["codec"]).schema.describe()

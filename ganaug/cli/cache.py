"""Trained models that ``ganaug synth`` keeps, and ``ganaug cache`` to see and clear them."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ganaug.cli import options
from ganaug.cli.console import result
from ganaug.core.checkpoint import FORMAT

if TYPE_CHECKING:
    from ganaug.core.config import TrainConfig
    from ganaug.data.readers import Dataset

cache = typer.Typer(help="Models that synth trained and kept.", no_args_is_help=False)


def folder() -> Path:
    """Return where models are kept: ``$GANAUG_CACHE_DIR``, or the user's cache folder."""
    from platformdirs import user_cache_path

    chosen = os.environ.get("GANAUG_CACHE_DIR")
    return Path(chosen) if chosen else user_cache_path("ganaug")


def model_path(dataset: "Dataset", config: "TrainConfig", seed: int) -> Path:
    """Return where the model of these data, settings and seed belongs."""
    import numpy as np

    import ganaug
    from ganaug.data.codec import fit_codec

    codec = fit_codec(dataset.X)
    digest = hashlib.sha256(f"{ganaug.__version__} {FORMAT} {seed} {config.model_dump_json()}".encode())
    digest.update(json.dumps([codec.schema.model_dump(), codec.to_json()], sort_keys=True).encode())
    digest.update(codec.encode(dataset.X).tobytes())
    digest.update(repr((getattr(dataset.y, "name", None), np.asarray(dataset.y).tolist())).encode())
    return folder() / "models" / f"{digest.hexdigest()[:32]}.safetensors"


@cache.command()
def clear(as_json: options.AsJson = False) -> None:
    """Delete every model that synth kept."""
    models = _models()
    size = sum(model.stat().st_size for model in models)
    shutil.rmtree(folder() / "models", ignore_errors=True)
    left = len(_models())
    gone = len(models) - left
    lines = [f"Deleted {gone} models, {size / 1e6:.1f} MB, from {folder()}."]
    result(lines, {"deleted": gone, "bytes": size, "folder": str(folder())}, as_json)


@cache.command("list")
def show(as_json: options.AsJson = False) -> None:
    """List the models that synth kept."""
    models = _models()
    lines = [f"{model}  {model.stat().st_size / 1e6:.1f} MB" for model in models] or [f"No models in {folder()}."]
    result(lines, {"folder": str(folder()), "models": [str(model) for model in models]}, as_json)


def _models() -> list[Path]:
    return sorted((folder() / "models").glob("*.safetensors"))

"""Trained models that ``ganaug synth`` keeps, and ``ganaug cache`` to see and clear them."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ganaug.cli import options
from ganaug.cli.console import result, say
from ganaug.core import checkpoint
from ganaug.core.errors import CheckpointError, OutputError

if TYPE_CHECKING:
    from ganaug.core.config import TrainConfig
    from ganaug.data.readers import Dataset
    from ganaug.models.gan import ConditionalGAN

_MODELS, _LOCKS = "models", "locks"  # subfolders

cache = typer.Typer(help="Models that synth trained and kept.", no_args_is_help=False)


def folder() -> Path:
    """Return where models are kept: ``$GANAUG_CACHE_DIR``, or the user's cache folder.

    Raises
    ------
    OutputError
        If there is no home folder to keep them in.
    """
    from platformdirs import user_cache_path

    chosen = os.environ.get("GANAUG_CACHE_DIR")
    if chosen:
        return Path(chosen)
    try:
        usual = user_cache_path("ganaug")
    except RuntimeError:
        usual = Path("~")
    if not usual.is_absolute():
        raise OutputError("there is no home folder to keep models in; set GANAUG_CACHE_DIR to a folder")
    return usual


def model_path(dataset: "Dataset", config: "TrainConfig", seed: int) -> Path:
    """Return where the model of these data, settings and seed belongs."""
    import numpy as np

    import ganaug
    from ganaug.data.kind import fit_codec

    codec = fit_codec(dataset.X, dataset.kind)
    digest = hashlib.sha256(f"{ganaug.__version__} {checkpoint.FORMAT} {seed} {config.model_dump_json()}".encode())
    digest.update(json.dumps([codec.schema.model_dump(), codec.to_json()], sort_keys=True).encode())
    digest.update(codec.store(dataset.X).tobytes())
    digest.update(repr((getattr(dataset.y, "name", None), np.asarray(dataset.y).tolist())).encode())
    return folder() / _MODELS / f"{digest.hexdigest()[:32]}.safetensors"


def kept_or_trained(
    dataset: "Dataset", config: "TrainConfig", seed: int, train: "Callable[[], ConditionalGAN]", *, quiet: bool
) -> "ConditionalGAN":
    """Return the model that was kept for these data and settings; or train it, and keep it if possible.

    Processes that want the same model at the same time train it once: the others wait.
    """
    from ganaug.models.synthesizer import load

    try:
        kept = model_path(dataset, config, seed)
    except OutputError as error:
        say(f"warning: the model is not kept for the next time: {error}")
        return train()
    with _alone(kept, quiet):
        try:
            if kept.exists():
                gan = load(kept)
                if not quiet:
                    say(f"using the model trained before ({kept}; --no-cache trains anew)")
                return gan
        except (CheckpointError, OSError) as error:
            say(f"warning: {error}; training anew")
        gan = train()
        try:
            gan.save(kept, overwrite=True)
        except OutputError as error:
            say(f"warning: the model is not kept for the next time: {error}")
        return gan


@contextmanager
def _alone(model: Path, quiet: bool) -> Iterator[None]:
    """Hold the only right to train `model`; wait while another process does.

    Where the cache refuses a lock (read-only, full, a file system without locks), go on without one.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder() / _LOCKS / f"{model.stem}.lock")
    with ExitStack() as held:
        try:
            Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
            try:
                held.enter_context(lock.acquire(blocking=False))
            except Timeout:
                if not quiet:
                    say("another ganaug is training this model; waiting for it")
                held.enter_context(lock.acquire())
        except (OSError, NotImplementedError):
            pass  # keeping the model will fail too, and says why
        yield


@cache.command()
def clear(as_json: options.AsJson = False) -> None:
    """Delete every model that synth kept.

    Example: ganaug cache clear
    """
    models = _models()
    size = sum(model.stat().st_size for model in models)
    for name in (_MODELS, _LOCKS):
        shutil.rmtree(folder() / name, ignore_errors=True)
    left = len(_models())
    if left:
        raise OutputError(f"{left} of {len(models)} models in {folder()} could not be deleted; is it yours to write?")
    lines = [f"Deleted {len(models)} models, {size / 1e6:.1f} MB, from {folder()}."]
    result(lines, {"deleted": len(models), "bytes": size, "folder": str(folder())}, as_json)


@cache.command("list")
def show(as_json: options.AsJson = False) -> None:
    """List the models that synth kept.

    Example: ganaug cache list --json
    """
    models = _models()
    lines = [f"{model}  {model.stat().st_size / 1e6:.1f} MB" for model in models] or [f"No models in {folder()}."]
    result(lines, {"folder": str(folder()), "models": [str(model) for model in models]}, as_json)


def _models() -> list[Path]:
    return sorted((folder() / _MODELS).glob("*.safetensors"))

"""From a model and a plan to files."""

import itertools
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

import ganaug
from ganaug.core import registry
from ganaug.core.errors import ConfigError, Interrupted, OutputError, SchemaError
from ganaug.core.files import os_errors
from ganaug.core.processes import Ranks
from ganaug.models.gan import ConditionalGAN
from ganaug.synthesis.manifest import PREVIEW, digest_of
from ganaug.synthesis.plan import ClassPlan, Plan, Shard, folder_names
from ganaug.synthesis.workspace import Workspace
from ganaug.synthesis.writers import Writer, column_dtypes

SHARD_SIZE = {"image": 1_000, "table": 100_000}
Real = Callable[[Shard], Iterable[Any]]


def make_plan(
    gan: ConditionalGAN,
    counts: Mapping[Any, int],
    *,
    output: str | None = None,
    seed: int = 0,
    shard_size: int | None = None,
    real_counts: Mapping[Any, int] | None = None,
    **settings: Any,
) -> Plan:
    """Return the plan of an output.

    Parameters
    ----------
    gan : ConditionalGAN
        What makes the samples.
    counts : dict
        How many of each class; classes of the model that are left out are not made.
    output : str, optional
        Name of a writer: ``images``, ``npz``, ``csv``, ``parquet``; by default images, or csv for rows.
    seed : int, default=0
        The same seed gives the same bytes.
    shard_size : int, optional
        Samples in a shard; by default 1,000 images or 100,000 rows.
    real_counts : dict, optional
        How many real samples of each class are written too.
    **settings
        Other fields of `Plan`.

    Raises
    ------
    SchemaError
        If a class is unknown, or the format cannot hold what the model makes.
    """
    kind = gan.codec.schema.kind
    output = output or ("images" if kind == "image" else "csv")
    wants = registry.lookup("writers", output).kind
    if wants not in (None, kind):
        raise SchemaError(f"{output} holds {_PLURAL[wants]}; this model makes {_PLURAL[kind]}: choose another --format")
    real = real_counts or {}
    chosen = {int(gan.classes.index([label])[0]): label for label in [*counts, *real]}
    labels = gan.classes_.tolist()
    folders = folder_names(labels)
    classes = (
        ClassPlan(label=labels[i], folder=folders[labels[i]], index=i, n=counts.get(k, 0), n_real=real.get(k, 0))
        for i, k in sorted(chosen.items())
    )
    return Plan(
        output=output,
        classes=tuple(of for of in classes if of.n or of.n_real),
        target=gan.classes.target,
        dtypes=column_dtypes(gan.codec, gan.classes_, gan.classes.target),
        seed=seed,
        shard_size=shard_size or SHARD_SIZE[kind],
        checkpoint_sha256=gan.sha256,
        weights_sha256=gan.digest(),
        versions=_versions(output),
        **settings,
    )


_PLURAL = {"image": "images", "table": "rows"}


def _versions(output: str) -> dict[str, str]:
    """Return the versions of what the bytes come from."""
    from importlib.metadata import version

    names = {"images": ["pillow"], "csv": ["pandas"], "parquet": ["pandas", "pyarrow"]}.get(output, [])
    return {"ganaug": ganaug.__version__, "torch": torch.__version__} | {
        name: version(name) for name in ["numpy", *names]
    }


def samples(gan: ConditionalGAN, shard: Shard, plan: Plan) -> Iterator[Any]:
    """Yield the samples of a shard, chunk by chunk: the same wherever, and among whatever, it is made."""
    rng = shard.rng(plan.seed)
    return gan.sample_iter(shard.n, label=shard.of.label, truncation=plan.truncation, random_state=rng)


def write_shards(
    gan: ConditionalGAN,
    plan: Plan,
    shards: Iterable[Shard],
    folder: Path,
    *,
    real: Real | None = None,
    finished: Callable[[Shard, dict[str, str]], None] = lambda shard, files: None,
    advance: Callable[[int], None] = lambda n: None,
) -> None:
    """Write shards below `folder`, several at a time, each in one thread so that its bytes do not depend on threads.

    Parameters
    ----------
    gan : ConditionalGAN
        What makes the samples.
    plan : Plan
        What the shards are part of.
    shards : iterable of Shard
        What to write.
    folder : Path
        Has a folder for each class.
    real : callable, optional
        From a shard to chunks of real samples, where the plan has any.
    finished : callable, optional
        Told each finished shard and the digests of its files, in the caller's thread.
    advance : callable, optional
        Told how many samples have been written since, in any thread.
    """
    writer: Writer = registry.lookup("writers", plan.output)(gan.codec, plan)
    stop = threading.Event()

    def chunks(shard: Shard) -> Iterator[Any]:
        made = samples(gan, shard, plan) if not shard.real else real(shard) if real else ()
        for chunk in made:
            if stop.is_set():
                raise InterruptedError
            yield chunk
            advance(_length(chunk))

    def write(shard: Shard) -> tuple[Shard, dict[str, str]]:
        kind = torch.device(plan.device).type
        with torch.autocast(kind, torch.bfloat16, enabled=plan.precision == "bfloat16"):
            return shard, writer.write(folder, shard, chunks(shard))

    def report(futures: set[Future[tuple[Shard, dict[str, str]]]]) -> None:
        for future in futures:
            finished(*future.result())

    with _on_device(gan, plan.device) as threads, ThreadPoolExecutor(threads, initializer=_one_thread) as pool:
        running: set[Future[tuple[Shard, dict[str, str]]]] = set()
        try:
            for shard in shards:
                running.add(pool.submit(write, shard))
                if len(running) > threads:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    report(done)
            report(running)
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def carry_out(
    gan: ConditionalGAN,
    plan: Plan,
    space: Workspace,
    together: Ranks,
    *,
    real: Real | None = None,
    preview: Callable[[Path], None] | None = None,
    advance: Callable[[int], None] = lambda n: None,
) -> bool:
    """Write a plan's output, whole or not at all; each process of several writes its part, the first finishes.

    Parameters
    ----------
    gan, plan, real, advance
        As for `write_shards`.
    space : Workspace
        Where it grows.
    together : Ranks
        The processes that take part; see `ganaug.core.processes.ranks`.
    preview : callable, optional
        Draws a picture to a path, in folders that have one.

    Returns
    -------
    bool
        False if the output was complete already.

    Raises
    ------
    OutputError
        If an interrupted run differs, or the file system refuses; it says what is kept.
    """
    if not together.first(lambda: space.begin(plan)):
        return False
    shards = plan.share(together.rank, together.world)
    try:
        with os_errors(space.target), space.attending(shards, together.rank):
            advance(sum(shard.n for shard in shards if shard.key in space.done))
            todo = (shard for shard in shards if shard.key not in space.done)
            write_shards(gan, plan, todo, space.content, real=real, finished=space.record, advance=advance)
        together.wait()
        if together.rank == 0:
            with os_errors(space.target):
                _finish(gan, plan, space, preview)
        together.wait()
    except (Exception, KeyboardInterrupt) as error:
        kept = space.abandon() if together.rank == 0 else 0
        said = f"{kept:,} finished shards are kept: --resume goes on from there"
        if kept and isinstance(error, KeyboardInterrupt):
            raise Interrupted(f"interrupted; {said}") from None
        if kept and isinstance(error, OutputError):
            raise OutputError(f"{error}; {said}") from error
        raise
    return True


def _finish(gan: ConditionalGAN, plan: Plan, space: Workspace, preview: Callable[[Path], None] | None) -> None:
    if plan.single_file:
        joined = space.path / "joined"
        parts = [space.content / name for name, _ in space.files(plan)]
        registry.lookup("writers", plan.output)(gan.codec, plan).join(parts, joined)
        space.finish_file(plan, joined)
        return
    extra = []
    if plan.preview and preview is not None:
        preview(space.content / PREVIEW)
        extra = [(PREVIEW, digest_of(space.content / PREVIEW))]
    space.finish(plan, itertools.chain(space.files(plan), extra))


def first_samples(gan: ConditionalGAN, plan: Plan, most: int) -> dict[Any, np.ndarray]:
    """Return, encoded, at most so many of the first synthetic samples of each class."""
    found = {}
    with _on_device(gan, "cpu"):
        for of in plan.classes:
            own = (shard for shard in plan.model_copy(update={"classes": (of,), "shard": None}).shards())
            parts: list[np.ndarray] = []
            for shard in own:
                if shard.real or sum(map(len, parts)) >= most:
                    break
                parts += (gan.codec.encode(chunk) for chunk in samples(gan, shard, plan))
            if parts:
                found[of.label] = np.concatenate(parts)[:most]
    return found


@contextmanager
def _on_device(gan: ConditionalGAN, name: str) -> Iterator[int]:
    """Sample on a device, with one thread for each operation; yield how many threads there may be."""
    threads = torch.get_num_threads()
    device = torch.device(name)
    if device.type == "cuda" and device.index is None and "LOCAL_RANK" in os.environ:
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count())
    try:
        gan.generator_ema.to(device)
        _one_thread()
        yield threads
    finally:
        torch.set_num_threads(threads)
        gan.generator_ema.to("cpu")


def resolve_device(name: str | None) -> str:
    """Return the device that a name stands for: none is the CPU, ``auto`` an accelerator if there is one.

    Raises
    ------
    ConfigError
        If it is not there.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(0, device=name or "cpu")
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"device {name!r} is not available here ({str(error).splitlines()[0]}); use cpu") from None
    return name or "cpu"


def _one_thread() -> None:
    torch.set_num_threads(1)


def _length(chunk: Any) -> int:
    return chunk.shape[0] if hasattr(chunk, "shape") else len(chunk)

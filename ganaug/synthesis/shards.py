"""The shards of a plan: made on one thread each, several at a time, and put together as an output."""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganaug.core import registry
from ganaug.core.errors import Interrupted, OutputError
from ganaug.core.files import os_errors
from ganaug.core.processes import Ranks, local_rank
from ganaug.core.threads import threads
from ganaug.models.synthesizer import Synthesizer
from ganaug.synthesis.manifest import PREVIEW, digest_of
from ganaug.synthesis.plan import Plan, Shard
from ganaug.synthesis.workspace import Workspace
from ganaug.synthesis.writers import Writer

Real = Callable[[Shard], Iterable[Any]]


def samples(synthesizer: Synthesizer, shard: Shard, plan: Plan) -> Iterator[Any]:
    """Yield the samples of a shard, chunk by chunk: the same wherever, and among whatever, it is made."""
    rng = shard.rng(plan.seed)
    return synthesizer.sample_iter(shard.n, label=shard.class_plan.label, truncation=plan.truncation, random_state=rng)


def write_shards(
    synthesizer: Synthesizer,
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
    synthesizer : Synthesizer
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
    writer: Writer = registry.lookup("writers", plan.output)(synthesizer.codec, plan)
    stop = threading.Event()

    def chunks(shard: Shard) -> Iterator[Any]:
        source = samples(synthesizer, shard, plan) if not shard.real else real(shard) if real else ()
        for chunk in source:
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

    with _sampling(synthesizer, plan.device) as at_once, ThreadPoolExecutor(at_once, initializer=_one_thread) as pool:
        running: set[Future[tuple[Shard, dict[str, str]]]] = set()
        try:
            for shard in shards:
                running.add(pool.submit(write, shard))
                if len(running) > at_once:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    report(done)
            report(running)
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def carry_out(
    synthesizer: Synthesizer,
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
    synthesizer, plan, real, advance
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
    shards = plan.share(together.rank, together.world)
    if not together.first(lambda: _begin(space, plan)):
        return False
    try:
        with os_errors(space.target), space.attending(shards, together.rank):
            advance(sum(shard.n for shard in shards if shard.key in space.done))
            todo = (shard for shard in shards if shard.key not in space.done)
            write_shards(synthesizer, plan, todo, space.content, real=real, finished=space.record, advance=advance)
        together.wait()
        if together.rank == 0:
            with os_errors(space.target):
                _finish(synthesizer, plan, space, preview)
        together.wait()
    except (Exception, KeyboardInterrupt) as error:
        kept = space.abandon() if together.rank == 0 else 0
        advice = f"{kept:,} finished shards are kept: --resume goes on from there"
        if kept and isinstance(error, KeyboardInterrupt):
            interrupted = Interrupted(f"interrupted; {advice}")
            interrupted.exit_code = getattr(error, "exit_code", Interrupted.exit_code)
            raise interrupted from None
        if kept and isinstance(error, OutputError):
            raise OutputError(f"{error}; {advice}") from error
        raise
    return True


def _begin(space: Workspace, plan: Plan) -> bool:
    """Begin, or leave nothing behind if the file system refuses or a signal comes."""
    with os_errors(space.target):
        try:
            return space.begin(plan)
        except OutputError:
            raise
        except BaseException:
            space.abandon()
            raise


def _finish(synthesizer: Synthesizer, plan: Plan, space: Workspace, preview: Callable[[Path], None] | None) -> None:
    if plan.single_file:
        joined = space.path / "joined"
        parts = [space.content / name for name, _ in space.files(plan)]
        registry.lookup("writers", plan.output)(synthesizer.codec, plan).join(parts, joined)
        space.finish_file(plan, joined)
        return
    extra = []
    if plan.preview and preview is not None:
        preview(space.content / PREVIEW)
        extra = [(PREVIEW, digest_of(space.content / PREVIEW))]
    space.finish(plan, itertools.chain(space.files(plan), extra))


def first_samples(synthesizer: Synthesizer, plan: Plan, most: int) -> dict[Any, np.ndarray]:
    """Return, encoded, at most so many of the first synthetic samples of each class."""
    encoded = {}
    with _sampling(synthesizer, "cpu"):
        for planned in plan.classes:
            shards = (shard for shard in plan.model_copy(update={"classes": (planned,), "shard": None}).shards())
            parts: list[np.ndarray] = []
            for shard in shards:
                if shard.real or sum(map(len, parts)) >= most:
                    break
                for chunk in samples(synthesizer, shard, plan):
                    parts.append(synthesizer.codec.encode(chunk))
                    if sum(map(len, parts)) >= most:
                        break
            if parts:
                encoded[planned.label] = np.concatenate(parts)[:most]
    return encoded


@contextmanager
def _sampling(synthesizer: Synthesizer, device: str) -> Iterator[int]:
    """Sample on a device, with one thread for each operation; yield how many threads there may be."""
    here = torch.device(device)
    if here.type == "cuda" and here.index is None and (gpu := local_rank()) is not None:
        here = torch.device("cuda", gpu % torch.cuda.device_count())
    at_once = torch.get_num_threads()
    with synthesizer.on_device(str(here)), threads(1):
        yield at_once


def _one_thread() -> None:
    torch.set_num_threads(1)


def _length(chunk: Any) -> int:
    return chunk.shape[0] if hasattr(chunk, "shape") else len(chunk)

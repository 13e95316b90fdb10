"""The folder in which an output grows until it is complete, and from which an interrupted run goes on.

``.NAME.partial`` holds ``run.json`` (the plan), ``journal-<rank>.jsonl`` (finished shards, one a line), ``content/``
(what is going to be NAME), and for a moment ``old/`` (what NAME was).
"""

import glob
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from ganaug.core.errors import ManifestError, OutputError
from ganaug.core.files import locked, partial_path, refuse_unwritable, remove, sync_files, sync_names
from ganaug.core.processes import Ranks
from ganaug.synthesis import manifest
from ganaug.synthesis.plan import Plan, Shard, choose_format
from ganaug.synthesis.verify import verify

Key = tuple[int, bool, int]
_LEFT_BY_DESKTOPS = {".DS_Store", "Thumbs.db", "desktop.ini"}


class Workspace:
    """Where one output is made.

    Parameters
    ----------
    target : Path
        The final name.
    resume : bool, default=False
        Whether an interrupted run may be continued.
    overwrite : bool, default=False
        Whether what stands at `target` may be replaced, if ganaug wrote it, and an interrupted run thrown away.

    Raises
    ------
    OutputError
        If `target` or an interrupted run is there and nothing was said about it, or `target` cannot be written.
    """

    def __init__(self, target: Path, *, resume: bool = False, overwrite: bool = False) -> None:
        self.target = target
        self.path = partial_path(target)
        self.content = self.path / "content"
        self.done: set[Key] = set()
        self.resume = resume
        self.overwrite = overwrite
        self.anew = overwrite  # whether a run of other settings may be thrown away
        self._restore_old()
        interrupted = self.path.exists()
        if interrupted and not (resume or overwrite):
            raise OutputError(
                f"an interrupted run of {target} is there: --resume continues it, --overwrite starts anew"
            )
        if target.exists() and not (resume or overwrite):
            raise OutputError(f"{target} exists already; choose another --out, or give --overwrite to replace it")
        if target.exists() and not _is_ours(target):
            raise OutputError(f"{target} was not written by ganaug synth (no manifest of it), so it is not replaced")
        _refuse_foreign(target)
        if interrupted and self._has_run():
            self.overwrite = overwrite or bool(self._said()["overwrite"])

    def begin(self, plan: Plan) -> bool:
        """Make the folder, or go on with what is there; return whether there is anything left to do.

        Raises
        ------
        OutputError
            If the interrupted run, or the finished one, is of another plan.
        """
        if self.resume and self.target.exists():
            if self._is_complete(plan):
                remove(self.path)
                return False
            if not self.overwrite:
                raise OutputError(f"{self.target} exists already; --resume --overwrite replaces it when all is written")
        interrupted = Plan.model_validate(self._said()["plan"]) if self._has_run() else None
        if interrupted is not None and not self.anew:
            _compare(interrupted, plan, f"the interrupted run of {self.target}")
        if interrupted != plan:
            remove(self.path)
            self.content.mkdir(parents=True)
            said = {"overwrite": self.overwrite, "plan": plan.model_dump(mode="json")}
            new = self.path / "run.json.new"
            new.write_text(json.dumps(said), encoding="utf-8")
            new.replace(self.path / "run.json")
        for planned in plan.classes:
            (self.content / planned.folder).mkdir(exist_ok=True)
        return True

    @contextmanager
    def attending(self, shards: Iterable[Shard], rank: int) -> Iterator[None]:
        """Keep this process's journal, and find which of its shards are finished, by the digests of their files."""
        index = self._index()
        self.done = {key for shard in shards if (key := shard.key) in index and self._is_intact(*index[key])}
        with (self.path / f"journal-{rank}.jsonl").open("ab") as self._journal:
            self._journal.write(b"\n")  # ends a line that was cut by the end of its process
            yield

    def record(self, shard: Shard, files: dict[str, str]) -> None:
        """Note that a shard is finished."""
        self._journal.write(json.dumps([shard.key, files]).encode() + b"\n")
        self._journal.flush()
        self.done.add(shard.key)

    def abandon(self) -> int:
        """Leave: delete the workspace if it holds nothing finished; return the number of finished shards."""
        finished = len(self._index())
        if not finished:
            with suppress(OSError):
                remove(self.path)
        return finished

    def files(self, plan: Plan) -> Iterator[tuple[str, str]]:
        """Yield the files of all shards and their digests, in the order of the plan."""
        index = self._index()
        for shard in plan.shards():
            yield from _entry(*index[shard.key]).items()

    def finish(self, plan: Plan, files: Iterable[tuple[str, str]]) -> None:
        """Write the manifest and put the folder in its place."""
        manifest.write(self.content / manifest.MANIFEST, plan, files)
        sync_files(self.content)
        old = self.path / "old"
        _refuse_foreign(self.target)  # that came while this one was made
        if self.target.exists():
            self.target.rename(old)
        try:
            self.content.rename(self.target)
        except OSError:
            self._restore_old()
            raise
        self._clear()

    def finish_file(self, plan: Plan, joined: Path) -> None:
        """Put a single file in its place, and its manifest beside it."""
        digest = manifest.digest_of(joined)
        new = self.path / manifest.MANIFEST
        manifest.write(new, plan, [(self.target.name, digest)])
        sync_files(self.path)
        new.replace(self.target.with_name(f"{self.target.name}.{manifest.MANIFEST}"))
        joined.replace(self.target)
        self._clear()

    def _clear(self) -> None:
        sync_names(self.target.parent)
        remove(self.path)

    def _restore_old(self) -> None:
        """Put back what stood there, if a run ended between moving it away and taking its place."""
        old = self.path / "old"
        if old.exists() and not self.target.exists():
            old.rename(self.target)

    def _has_run(self) -> bool:
        return self.resume and (self.path / "run.json").exists()

    def _said(self) -> dict[str, Any]:
        try:
            return json.loads((self.path / "run.json").read_text(encoding="utf-8"))
        except ValueError as error:
            raise OutputError(
                f"the interrupted run of {self.target} is damaged ({error}); --overwrite starts anew"
            ) from None

    def _is_complete(self, plan: Plan) -> bool:
        """Whether what stands there is this plan's output, whole."""
        try:
            there = manifest.read(self.target)
            is_intact = there.plan == plan and verify(self.target).intact
        except ManifestError:
            return False
        if not self.path.exists() and not self.overwrite:
            _compare(there.plan, plan, str(self.target))
        return is_intact

    def _index(self) -> dict[Key, tuple[Path, int]]:
        """Return in which journal, and where in it, each finished shard is noted."""
        places = {}
        for journal in sorted(self.path.glob("journal-*.jsonl")):
            offset = 0
            with journal.open("rb") as handle:
                for line in handle:
                    with suppress(ValueError):  # empty, or cut
                        places[_key(json.loads(line)[0])] = journal, offset
                    offset += len(line)
        return places

    def _is_intact(self, journal: Path, offset: int) -> bool:
        files = _entry(journal, offset)
        try:
            return all(manifest.digest_of(self.content / name) == digest for name, digest in files.items())
        except OSError:
            return False


@contextmanager
def claimed(target: Path, together: Ranks) -> Iterator[None]:
    """Keep every process but those of one run from writing `target`.

    Raises
    ------
    OutputError
        If another run has it, or one of its processes still does.
    """
    with ExitStack() as held:

        def claim() -> None:
            refuse_unwritable(target, overwrite=True, folder=True)
            held.enter_context(locked(target))
            for lock in target.absolute().parent.glob(f".{glob.escape(target.name)}.rank*.lock"):
                with locked(lock.with_name(lock.name[1 : -len(".lock")])):
                    pass

        together.first(claim)
        if together.rank:
            held.enter_context(locked(target.with_name(f"{target.name}.rank{together.rank}")))
        yield


def refuse_taken(target: Path, *, resume: bool, overwrite: bool) -> None:
    """Raise `OutputError` if `target` may not, or cannot, be written: asked before anything is trained."""
    with claimed(target, Ranks()):
        Workspace(target, resume=resume, overwrite=overwrite)


def _is_ours(target: Path) -> bool:
    """Whether a folder is empty or has a manifest of ganaug; a file may be replaced by who asks for it."""
    if not target.is_dir() or not any(target.iterdir()):
        return target.is_dir() or choose_format(target, None)[0]
    try:
        return bool(manifest.read(target))
    except ManifestError:
        return False


def _refuse_foreign(target: Path) -> None:
    """Raise `OutputError` if a folder that is to be replaced holds files that its manifest does not list."""
    if not target.is_dir() or not any(target.iterdir()):
        return
    known = manifest.read(target).files.keys() | {manifest.MANIFEST}
    files = (
        path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir() or path.is_symlink()
    )
    foreign = sorted(name for name in files if name not in known and Path(name).name not in _LEFT_BY_DESKTOPS)
    if foreign:
        more = f" and {len(foreign) - 1:,} more" if len(foreign) > 1 else ""
        raise OutputError(
            f"{target} holds files that ganaug did not write ({foreign[0]}{more}), so it stays: move them away"
        )


def _compare(there: Plan, asked: Plan, what: str) -> None:
    if differences := there.differences(asked):
        raise OutputError(
            f"{what} has other settings: {'; '.join(differences)}. Ask for the same, or --overwrite to start anew"
        )


def _key(said: list[Any]) -> Key:
    index, real, number = said
    return index, real, number


def _entry(journal: Path, offset: int) -> dict[str, str]:
    with journal.open("rb") as handle:
        handle.seek(offset)
        return json.loads(handle.readline())[1]

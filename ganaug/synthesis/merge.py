"""`ganaug.merge`: join what several machines wrote."""

import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ganaug.core.errors import ManifestError, OutputError
from ganaug.core.files import os_errors, remove
from ganaug.core.processes import Ranks
from ganaug.synthesis import manifest
from ganaug.synthesis.manifest import PREVIEW, Manifest
from ganaug.synthesis.plan import ClassPlan, Plan
from ganaug.synthesis.synthesize import Synthesis
from ganaug.synthesis.workspace import Workspace, claimed

_OWN = ("classes", "shard", "preview")  # in what parts of one output may differ


def merge(parts: Iterable[str | Path], out: str | Path, *, move: bool = False, overwrite: bool = False) -> Synthesis:
    """Join folders that were written with one seed and one model.

    Every file is checked on its way. Parts that together are all of a plan become, manifest included, what one machine
    would have written.

    Parameters
    ----------
    parts : iterable of str or Path
        What ``ganaug.synthesize(…, shard=(k, K))`` wrote, or folders of different classes.
    out : str or Path
        The folder to write.
    move : bool, default=False
        Whether the parts are deleted at the end; on one file system nothing is copied then.
    overwrite : bool, default=False
        Whether an output of ganaug at `out` may be replaced.

    Returns
    -------
    Synthesis
        The whole.

    Raises
    ------
    ManifestError
        If settings differ, parts overlap, or one is missing.
    OutputError
        If a file is missing or altered, `out` exists, or the file system refuses.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> X = np.random.default_rng(0).normal(size=(40, 2))
    >>> gan = ganaug.train(X, np.arange(40) % 2, max_steps=2, random_state=0)
    >>> with tempfile.TemporaryDirectory() as name:
    ...     for k in range(2):
    ...         part = ganaug.synthesize(gan, 25, f"{name}/part{k}", shard_size=10, shard=(k, 2))
    ...     ganaug.merge([f"{name}/part{k}" for k in range(2)], f"{name}/all").counts
    {0: 25, 1: 25}
    """
    folders, out = [Path(part) for part in parts], Path(out)
    if not folders:
        raise ManifestError("there are no folders to merge")
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise ManifestError("a folder is named twice")
    whole = out.resolve()
    for folder in folders:
        resolved = folder.resolve()
        if whole == resolved or resolved in whole.parents or whole in resolved.parents:
            raise OutputError(f"cannot write {out}: it is, holds or is inside {folder}, which is to be merged")
    read = [manifest.read(folder) for folder in folders]
    plan = _joined(read)
    with claimed(out, Ranks()), os_errors(out):
        space = Workspace(out, overwrite=overwrite)
        space.begin(plan)
        try:
            files = {}
            for part in read:
                for name, digest in part.files.items():
                    if name != PREVIEW or plan.preview:
                        _bring(part.folder / name, space.content / name, digest, link=move)
                        files[name] = digest
            space.finish(plan, sorted(files.items(), key=_order(plan)))
        except BaseException:
            remove(space.path)
            raise
    if move:
        for folder in folders:
            remove(folder)
    return Synthesis(out, plan)


def _joined(parts: Sequence[Manifest]) -> Plan:
    """Return the plan that the parts are all of."""
    first = parts[0]
    if first.plan.single_file:
        raise ManifestError(f"{first.folder} was written as a single file; only folders are merged")
    classes: dict[int, ClassPlan] = {}
    shares: dict[int, Counter[tuple[int, int]]] = defaultdict(Counter)
    for part in parts:
        differences = part.plan.differences(first.plan, ignore=_OWN)
        if differences:
            raise ManifestError(f"{part.folder} has other settings than {first.folder}: {'; '.join(differences)}")
        for planned in part.plan.classes:
            if classes.setdefault(planned.index, planned) != planned:
                said = f"the folders have other numbers of class {planned.label!r}; merge parts of one run"
                raise ManifestError(said)
            shares[planned.index][part.plan.shard or (0, 1)] += 1
    for index, found in shares.items():
        machines = {share[1] for share in found}
        if len(machines) > 1 or max(found.values()) > 1:
            raise ManifestError(f"the folders overlap: class {classes[index].label!r} is in more than one of them")
        missing = set(range(max(machines))) - {share[0] for share in found}
        if missing:
            shard = f"{min(missing)}/{max(machines)}"
            raise ManifestError(f"class {classes[index].label!r} is not whole: the part of --shard {shard} is missing")
    return first.plan.model_copy(
        update={
            "classes": tuple(planned for _, planned in sorted(classes.items())),
            "shard": None,
            "preview": sum(part.plan.preview for part in parts) == 1,
        }
    )


def _bring(source: Path, there: Path, digest: str, *, link: bool) -> None:
    """Copy a file, or give it a second name, and check what came."""
    if not source.is_file():
        raise OutputError(f"{source} is missing; ganaug verify {source.parents[1]} lists what else")
    if not (link and _linked(source, there)):
        shutil.copyfile(source, there)
    if manifest.digest_of(there) != digest:
        raise OutputError(f"{source} is not as it was written; ganaug verify {source.parents[1]} lists what else")


def _linked(source: Path, there: Path) -> bool:
    try:
        os.link(source, there)
    except OSError:  # another file system
        return False
    return True


def _order(plan: Plan) -> Callable[[tuple[str, str]], tuple[int, bool, int, str]]:
    """Return a key that sorts files as a single machine lists them."""
    place = {planned.folder: planned.index for planned in plan.classes}

    def key(file: tuple[str, str]) -> tuple[int, bool, int, str]:
        folder, _, name = file[0].rpartition("/")
        return place.get(folder, len(place) + max(place.values())), name.startswith("real-"), len(name), name

    return key

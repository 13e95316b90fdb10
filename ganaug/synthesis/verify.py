"""`ganaug.verify`: whether an output is as it was written."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from ganaug.core import registry
from ganaug.core.errors import ManifestError, PluginNotFoundError
from ganaug.core.files import os_errors
from ganaug.synthesis import manifest
from ganaug.synthesis.manifest import MANIFEST, PREVIEW, Manifest


class Findings(NamedTuple):
    """Where an output is not as its manifest says."""

    n_files: int
    missing: list[str]
    altered: list[str]
    extra: list[str]

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.lines()

    def lines(self) -> list[str]:
        """Return one line a file."""
        named = (("missing", self.missing), ("altered", self.altered), ("extra", self.extra))
        return [f"{what} {name}" for what, names in named for name in names]


def verify(out: str | Path) -> Findings:
    """Compare what `ganaug.synthesize` wrote with its manifest, byte by byte.

    Parameters
    ----------
    out : str or Path
        The folder, or the single file.

    Returns
    -------
    Findings
        The names of files that are missing, altered or extra; ``.intact`` if there are none.

    Raises
    ------
    ManifestError
        If there is no manifest, or it claims other numbers of samples than its files hold.
    OutputError
        If a file cannot be read.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> X = np.random.default_rng(0).normal(size=(40, 2))
    >>> gan = ganaug.train(X, np.arange(40) % 2, max_steps=2, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = ganaug.synthesize(gan, 10, folder + "/synthetic")
    ...     (done.path / "0" / "00000.csv").unlink()
    ...     ganaug.verify(done.path).lines()
    ['missing 0/00000.csv']
    """
    out = Path(out)
    found = manifest.read(out)
    missing: list[str] = []
    altered: list[str] = []
    extra: list[str] = []
    with os_errors(out, "read"):
        for name, digest in found.files.items():
            path = found.folder / name
            if not path.is_file():
                missing.append(name)
            elif manifest.digest_of(path) != digest:
                altered.append(name)
        if out.is_dir():
            known = found.files.keys() | {MANIFEST}
            names = (path.relative_to(out).as_posix() for path in sorted(out.rglob("*")) if not path.is_dir())
            extra.extend(name for name in names if name not in known)
        if not missing and not altered:
            _compare_numbers(out, found)
    return Findings(len(found.files), missing, altered, extra)


def _compare_numbers(out: Path, found: Manifest) -> None:
    """Raise `ManifestError` if a manifest claims other numbers of samples than its files hold."""
    plan = found.plan
    try:
        writer = registry.lookup("writers", plan.output)
    except PluginNotFoundError:
        return  # a plugin's format, read where the plugin is not
    held: Counter[str] = Counter()
    for name in found.files:
        if name != PREVIEW:
            n = writer.count(found.folder / name)
            if n is None:
                return
            held["" if plan.single_file else name.rpartition("/")[0]] += n
    claimed: Counter[str] = Counter()
    for counts in (plan.counts(), plan.counts(real=True)):
        for planned in plan.classes:
            claimed["" if plan.single_file else planned.folder] += counts.get(planned.label, 0)
    for folder in claimed | held:
        if claimed[folder] != held[folder]:
            where = found.folder / folder if folder else out
            raise ManifestError(
                f"the manifest of {out} claims {claimed[folder]:,} samples in {where}; there are {held[folder]:,}"
            )

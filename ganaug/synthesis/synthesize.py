"""`ganaug.synthesize`: from a model and numbers of samples to files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import ganaug
from ganaug.core.errors import ConfigError, SchemaError
from ganaug.core.extras import refuse_missing
from ganaug.core.processes import ranks
from ganaug.core.schema import MARK
from ganaug.data.kind import kind_named
from ganaug.models.device import resolve_device
from ganaug.models.synthesizer import Synthesizer
from ganaug.synthesis import manifest
from ganaug.synthesis.manifest import Manifest
from ganaug.synthesis.plan import ClassPlan, Plan, choose_format, folder_names
from ganaug.synthesis.preview import MAX_SHOWN, contact_sheet
from ganaug.synthesis.real import RealSamples, digest_of_data, take
from ganaug.synthesis.shards import carry_out, first_samples
from ganaug.synthesis.workspace import Workspace, claimed
from ganaug.synthesis.writers import writer_for
from ganaug.synthesis.writers.frame import column_dtypes


@dataclass(frozen=True)
class Synthesis:
    """What `ganaug.synthesize` wrote.

    Attributes
    ----------
    path : Path
        The folder, or the file.
    plan : Plan
        All that decided its bytes.
    was_complete : bool
        Whether ``resume=True`` found it finished, so that nothing was left to do.

    Examples
    --------
    >>> import tempfile
    >>> gan = ganaug.train([[0.0], [1.0], [2.0], [3.0]], ["a", "a", "b", "b"], max_steps=1, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = ganaug.synthesize(gan, {"b": 3}, f"{folder}/rows.csv")
    ...     print(done.counts, done.path.name, done.was_complete)
    {'b': 3} rows.csv False
    """

    path: Path
    plan: Plan
    was_complete: bool = False

    @property
    def counts(self) -> dict[Any, int]:
        """How many synthetic samples of each class there are."""
        return self.plan.counts()

    @property
    def real_counts(self) -> dict[Any, int]:
        """How many real samples of each class there are beside them."""
        return self.plan.counts(real=True)

    @property
    def manifest(self) -> Manifest:
        """What ``manifest.json`` says: the plan, and the digest of every file."""
        return manifest.read(self.path)


def synthesize(
    synthesizer: Synthesizer,
    counts: int | Mapping[Any, int],
    out: str | Path,
    *,
    format: str | None = None,
    seed: int = 0,
    shard_size: int | None = None,
    shard: tuple[int, int] | None = None,
    truncation: float | None = None,
    include_real: tuple[Any, Any] | None = None,
    preview: bool | tuple[Any, Any] = True,
    escape_formulas: bool = False,
    separator: str = ",",
    decimal: str = ".",
    resume: bool = False,
    overwrite: bool = False,
    device: str | None = None,
    precision: str = "float32",
    progress: Callable[[int, int], None] | None = None,
) -> Synthesis:
    """Write new samples to files: any number of them, whole or not at all, and always with the same bytes.

    This is what ``ganaug synth`` calls. Memory does not grow with the number of samples. Under ``torchrun`` the
    processes share the work.

    Parameters
    ----------
    synthesizer : Synthesizer
        What makes the samples: a GAN, or a mixture of sources (``sampler.mixture_``).
    counts : int or dict
        How many of every class, or of those that are named.
    out : str or Path
        The folder to write; or one file, if it ends in ``.csv``, ``.npz`` or ``.parquet`` and is no folder.
    format : str, optional
        ``"images"``, ``"npz"``, ``"csv"``, ``"parquet"`` or a plugin's; by default what `out` ends in, or what suits
        the kind of data: images as PNG, rows as CSV.
    seed : int, default=0
        The same seed gives the same bytes, on any number of threads, processes and machines.
    shard_size : int, optional
        Samples that are made in one piece; by default 1,000 images or 100,000 rows.
    shard : (int, int), optional
        ``(k, K)``: write the part of machine k, from 0, of K; `ganaug.merge` joins the parts.
    truncation : float, optional
        Cut the latents off at ± this: more typical samples, less diverse ones.
    include_real : (X, y), optional
        Real samples; those of the classes in `counts` are written beside the synthetic ones: in a folder, files whose
        names begin with ``real-``; in a single file, the column, or array, ``is_synthetic`` tells them apart.
    preview : bool or (X, y), default=True
        Whether a folder of pictures gets a contact sheet, ``preview.png``; it shows these real samples too.
    escape_formulas : bool, default=False
        Whether text in CSV that spreadsheet programs would run, like ``=1+1``, gets an apostrophe in front.
    separator, decimal : str, default="," and "."
        Of cells, and sign of numbers, in CSV: ``";"`` and ``","`` are what many programs in Europe expect.
    resume : bool, default=False
        Whether an interrupted run of the same settings is continued. A finished output is left as it is.
    overwrite : bool, default=False
        Whether an output of ganaug at `out` may be replaced, when the new one is complete. With `resume` too, a run of
        other settings is begun anew.
    device : str, optional
        Where samples are made, ``"cuda"`` for example; by default the CPU. Bytes depend on it.
    precision : {"float32", "bfloat16"}, default="float32"
        Of the generator. Bytes depend on it.
    progress : callable, optional
        Told how many samples have been written since it was called last, and how many this process writes in all; it
        may be called in any thread.

    Returns
    -------
    Synthesis
        Path, counts and manifest.

    Raises
    ------
    SchemaError
        If a class is unknown, the format cannot hold the samples, or real samples do not fit.
    ConfigError
        If a setting has no meaning.
    OutputError
        If `out` exists and nothing was said about it, another process is writing it, an interrupted run had other
        settings, or the file system refuses; the message says what is kept for ``resume=True``.

    Examples
    --------
    >>> import tempfile
    >>> X = np.random.default_rng(0).normal(size=(40, 2))
    >>> gan = ganaug.train(X, np.arange(40) % 2, max_steps=2, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = ganaug.synthesize(gan, {1: 250}, folder + "/synthetic", shard_size=100)
    ...     done.counts, list(done.manifest.files)
    ({1: 250}, ['1/00000.csv', '1/00001.csv', '1/00002.csv'])
    """
    out = Path(out)
    plan, real = plan_output(
        synthesizer,
        counts,
        out,
        format=format,
        seed=seed,
        shard_size=shard_size,
        shard=shard,
        truncation=truncation,
        include_real=include_real,
        preview=preview,
        escape_formulas=escape_formulas,
        separator=separator,
        decimal=decimal,
        device=device,
        precision=precision,
    )

    def draw(path: Path) -> None:
        shown = first_samples(synthesizer, plan, MAX_SHOWN)
        contact_sheet(synthesizer, shown, None if isinstance(preview, bool) else preview).save(path)

    with ranks() as together, claimed(out, together):
        space = together.first(lambda: Workspace(out, resume=resume, overwrite=overwrite))
        total = sum(part.n for part in plan.share(together.rank, together.world))
        advance = (lambda n: None) if progress is None else lambda n: progress(n, total)
        written = carry_out(synthesizer, plan, space, together, real=real, preview=draw, advance=advance)
    return Synthesis(out, plan, was_complete=not written)


def plan_output(
    synthesizer: Synthesizer,
    counts: int | Mapping[Any, int],
    out: Path,
    *,
    format: str | None = None,
    seed: int = 0,
    shard_size: int | None = None,
    shard: tuple[int, int] | None = None,
    truncation: float | None = None,
    include_real: tuple[Any, Any] | None = None,
    preview: bool | tuple[Any, Any] = True,
    escape_formulas: bool = False,
    separator: str = ",",
    decimal: str = ".",
    device: str | None = None,
    precision: str = "float32",
) -> tuple[Plan, RealSamples | None]:
    """Return what `synthesize` would write, and the real samples beside it; the parameters are the same.

    Raises
    ------
    SchemaError, ConfigError
        As `synthesize`.
    """
    single_file, format = choose_format(out, format)
    if single_file and shard is not None:
        raise ConfigError(f"a shard is a folder, and ganaug merge joins them; {out} is a file")
    kind = kind_named(synthesizer.codec.schema.kind)
    output, writer = writer_for(format, synthesizer.codec)
    if single_file and writer.suffix is None:
        raise ConfigError(f"{output} writes a folder, no single file; got --out {out}")
    if not isinstance(counts, Mapping):
        counts = dict.fromkeys(synthesizer.classes_.tolist(), counts)
    _refuse_unusable(counts, shard, truncation, precision)
    _refuse_style(separator, decimal, format or kind.writer)
    if not isinstance(preview, bool):
        synthesizer.classes.index(preview[1])
        synthesizer.codec.encode(take(preview[0], np.arange(1)))  # says what does not fit
    real = None if include_real is None else RealSamples(synthesizer, *include_real, labels=counts)
    classes = _classes(synthesizer, counts, {} if real is None else real.counts)
    dtypes = column_dtypes(synthesizer.codec, synthesizer.classes_, synthesizer.classes.target)
    if single_file and any(planned.n_real for planned in classes):
        dtypes = _with_mark(dtypes)
    data = [*(() if isinstance(preview, bool) else preview), *(include_real or ())]
    preview = preview is not False and kind.has_preview and not single_file and (shard is None or shard[0] == 0)
    if preview:
        refuse_missing("PIL", extra="images", purpose="a preview (preview=False makes none)")
    libraries = {"ganaug": ganaug.__version__, "torch": torch.__version__, "numpy": np.__version__}
    return Plan(
        output=output,
        single_file=single_file,
        classes=classes,
        target=synthesizer.classes.target,
        dtypes=dtypes,
        seed=seed,
        shard_size=shard_size or kind.shard_size,
        shard=shard,
        truncation=truncation,
        escape_formulas=escape_formulas,
        separator=separator,
        decimal=decimal,
        preview=preview,
        checkpoint_sha256=synthesizer.sha256,
        weights_sha256=synthesizer.digest(),
        real_sha256=digest_of_data(*data) if data else None,
        device="cpu" if device is None else resolve_device(device),
        precision=precision,
        versions=libraries | writer.versions(),
    ), real


def _refuse_unusable(
    counts: Mapping[Any, int], shard: tuple[int, int] | None, truncation: float | None, precision: str
) -> None:
    for label, n in counts.items():
        if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 0:
            raise ConfigError(f"counts must be whole numbers of samples; got {n!r} of class {label!r}")
    if truncation is not None and not 0 < truncation < np.inf:
        raise ConfigError(f"truncation must be a positive number; got {truncation}")
    if precision not in ("float32", "bfloat16"):
        raise ConfigError(f"precision must be 'float32' or 'bfloat16'; got {precision!r}")
    if shard is not None and not 0 <= shard[0] < shard[1]:
        raise ConfigError(f"shard must be (k, K) with k in 0 … K - 1; got {shard}")


def _refuse_style(separator: str, decimal: str, format: str) -> None:
    if (separator, decimal) == (",", "."):
        return
    if format != "csv":
        raise ConfigError(f"separator and decimal have no meaning for {format}; write csv, or leave them out")
    if separator not in (",", ";", "\t", "|") or decimal not in (".", ",") or separator == decimal:
        raise ConfigError(
            "separator must be a comma, a semicolon, a tab or a bar, decimal a point or a comma, and not the same; got "
            f"{separator!r} and {decimal!r}"
        )


def _with_mark(dtypes: dict[str, str]) -> dict[str, str]:
    """Put the column that tells synthetic rows from real ones before the target, where there are columns."""
    if MARK in dtypes:
        raise SchemaError(f"the table has a column {MARK!r}, which would say what is real; rename it")
    *columns, target = dtypes.items() if dtypes else [None]
    return dict([*columns, (MARK, "bool"), target]) if target else dtypes


def _classes(synthesizer: Synthesizer, counts: Mapping[Any, int], real: Mapping[Any, int]) -> tuple[ClassPlan, ...]:
    labels = synthesizer.classes_.tolist()
    folders = folder_names(labels)
    positions = synthesizer.classes.index(list(counts)).tolist()
    planned = tuple(
        ClassPlan(label=labels[i], folder=folders[labels[i]], index=i, n=int(counts[label]), n_real=real.get(label, 0))
        for i, label in sorted(zip(positions, counts, strict=True), key=lambda pair: pair[0])
        if counts[label] or real.get(label)
    )
    if not planned:
        raise SchemaError("no samples are asked for: every class has what it should")
    return planned

"""What a synthesis is going to write: which shards of which classes, and all that their bytes depend on."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt

from ganaug.core import registry
from ganaug.core.errors import ConfigError

_DEVICES_OF_WINDOWS = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(1, 10))}
_TAKEN = {"manifest.json", "preview.png"}  # stand beside the folders of the classes
_LONGEST = 100  # bytes of a folder name
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f%/\\:*?"<>|\ud800-\udfff]|^\.|[. ]$')
_DIGEST_LIKE = re.compile(r"~[0-9a-f]{12}$")


class ClassPlan(BaseModel):
    """How many samples of one class are written, and into which folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: bool | int | float | str
    folder: str
    index: NonNegativeInt  # the model's integer for the class
    n: NonNegativeInt  # synthetic samples
    n_real: NonNegativeInt = 0  # real ones written beside them


class Shard(NamedTuple):
    """The smallest part that is made by itself, and always with the same bytes."""

    class_plan: ClassPlan
    number: int
    start: int  # position of its first sample within the class
    n: int
    real: bool  # copied from the data, not made

    @property
    def key(self) -> tuple[int, bool, int]:
        """What tells it from other shards; sorts as they are written."""
        return self.class_plan.index, self.real, self.number

    @property
    def stem(self) -> str:
        """What the paths of its files start with."""
        return f"{self.class_plan.folder}/{'real-' if self.real else ''}"

    def rng(self, seed: int) -> np.random.Generator:
        """Return the generator that all of its randomness comes from."""
        return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(self.class_plan.index, self.number)))


class Plan(BaseModel):
    """All that decides the bytes of an output: equal plans write equal files, on any number of processes.

    Shard j of class c draws from ``SeedSequence(seed, spawn_key=(c, j))``. A machine that was told ``shard = (k, K)``
    writes the shards with ``j % K == k``.

    Examples
    --------
    >>> cats = ClassPlan(label="cat", folder="cat", index=0, n=250)
    >>> plan = Plan(output="csv", classes=(cats,), target="kind", seed=0, shard_size=100, versions={})
    >>> [(shard.number, shard.start, shard.n) for shard in plan.shards()]
    [(0, 0, 100), (1, 100, 100), (2, 200, 50)]
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    output: str  # name under ganaug.writers
    single_file: bool = False
    classes: tuple[ClassPlan, ...]
    target: str
    dtypes: dict[str, str] = {}  # of the columns of a table
    seed: NonNegativeInt
    shard_size: PositiveInt
    shard: tuple[NonNegativeInt, PositiveInt] | None = None  # (k, K): one machine of several
    truncation: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None  # of the latents
    escape_formulas: bool = False
    separator: str = ","  # of cells in CSV
    decimal: str = "."  # sign in CSV
    preview: bool = False
    checkpoint_sha256: str | None = None
    weights_sha256: str | None = None  # of the generator that samples, saved or not
    real_sha256: str | None = None  # of the data that real samples are copied from
    device: str = "cpu"
    precision: str = "float32"
    versions: dict[str, str]

    def shards(self) -> Iterator[Shard]:
        """Yield this machine's shards, class after class, in the order of the model's classes."""
        k, machines = self.shard or (0, 1)
        for planned in self.classes:
            for real, total in ((False, planned.n), (True, planned.n_real)):
                for number in range(k, -(-total // self.shard_size), machines):
                    start = number * self.shard_size
                    yield Shard(planned, number, start, min(self.shard_size, total - start), real)

    def share(self, rank: int, world: int) -> list[Shard]:
        """Return what one of several processes on this machine writes."""
        return [shard for i, shard in enumerate(self.shards()) if i % world == rank]

    @property
    def marks_real(self) -> bool:
        """Whether synthetic and real samples share a file, in which `MARK` tells them apart."""
        return self.single_file and any(planned.n_real for planned in self.classes)

    @property
    def n(self) -> int:
        """Samples that this machine writes."""
        return sum(self._own(planned.n) + self._own(planned.n_real) for planned in self.classes)

    def counts(self, *, real: bool = False) -> dict[Any, int]:
        """Return how many synthetic, or real, samples of each class this machine writes."""
        totals = {planned.label: planned.n_real if real else planned.n for planned in self.classes}
        return {label: self._own(total) for label, total in totals.items() if total}

    def _own(self, total: int) -> int:
        """Return how many of a class's samples are in this machine's shards, without counting them out."""
        k, machines = self.shard or (0, 1)
        whole, rest = divmod(total, self.shard_size)
        return self.shard_size * len(range(k, whole, machines)) + (rest if whole % machines == k else 0)

    def differences(self, other: "Plan", *, ignore: Sequence[str] = ()) -> list[str]:
        """Return in what this plan differs from `other`, for people: ``seed is 0, not 1``."""
        names = [name for name in type(self).model_fields if name not in ignore]
        pairs = [(name, getattr(self, name), getattr(other, name)) for name in names]
        return [f"{name} is {_brief(own)}, not {_brief(others)}" for name, own, others in pairs if own != others]


def _brief(value: Any) -> str:
    if isinstance(value, tuple) and value and isinstance(value[0], ClassPlan):
        return ", ".join(f"{planned.n:,} of {planned.label!r}" for planned in value[:4]) + (
            ", …" if len(value) > 4 else ""
        )
    return f"{value[:12]}…" if isinstance(value, str) and len(value) > 40 else str(value)


def parse_shard(text: str) -> tuple[int, int]:
    """Read ``k/K``, for example ``0/4``.

    Raises
    ------
    ConfigError
        If it is something else, or k is not in 0 … K - 1.
    """
    match = re.fullmatch(r"(\d+)/(\d+)", text.strip())
    k, machines = (int(match[1]), int(match[2])) if match else (0, 0)
    if not k < machines:
        raise ConfigError(f"expected k/K with k in 0 … K - 1, like 0/4 for the first of 4 machines; got {text!r}")
    return k, machines


def choose_format(out: Path, format: str | None) -> tuple[bool, str | None]:
    """Return whether `out` is a single file, and the format, if that is known before the model is.

    Raises
    ------
    ConfigError
        If they contradict each other.
    """
    suffix = out.suffix.lower()
    if suffix[1:] not in registry.names("writers") or out.is_dir():
        return False, format
    if format not in (None, suffix[1:]):
        raise ConfigError(f"--out {out} and --format {format} contradict each other")
    return True, suffix[1:]


def folder_names(labels: Sequence[Any]) -> dict[Any, str]:
    """Map class labels to names that are one plain folder on any file system, each another one.

    Separators, control characters and what Windows forbids are percent-encoded, and so are leading dots, trailing dots
    and spaces, and reserved names. Long names are cut; those, and names that some file system takes for the same
    (``Cat`` and ``cat``, two spellings of é), end in a digest of the label.

    Examples
    --------
    >>> folder_names(["cat", "../etc", 3])
    {'cat': 'cat', '../etc': '%2E.%2Fetc', 3: '3'}
    >>> folder_names(["Cat", "cat"])
    {'Cat': 'Cat~900b391b0978', 'cat': 'cat~bdd221559c2d'}
    """
    plain = {label: _folder_name(str(label)) for label in labels}
    shared = Counter(map(_alike, plain.values()))
    return {
        label: name
        if len(name.encode()) <= _LONGEST and shared[_alike(name)] == 1 and not _DIGEST_LIKE.search(name)
        else f"{name.encode()[: _LONGEST - 13].decode(errors='ignore')}~{_digest(label)}"
        for label, name in plain.items()
    }


def _folder_name(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    name = _FORBIDDEN.sub(lambda match: f"%{ord(match[0]):02X}", text)
    if not name or name.split(".")[0].casefold() in _DEVICES_OF_WINDOWS or name.casefold() in _TAKEN:
        name = f"%{ord(text[0]):02X}{text[1:]}" if text else "%00"
    return name


def _alike(name: str) -> str:
    """Return what names have in common that some file system takes for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def _digest(label: Any) -> str:
    return hashlib.sha256(f"{type(label).__name__} {label}".encode("utf-8", "surrogatepass")).hexdigest()[:12]

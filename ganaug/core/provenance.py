"""Where a model comes from: its data, its licence, and the model it was fine-tuned from."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, field
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.dataclasses import dataclass


class Provenance(BaseModel):
    """What a user said about the training data, and the model that came before.

    Attributes
    ----------
    data : str or None
        Name of the data set.
    licence, source : str or None
        The terms under which the data may be used, and where they are from.
    parent : Parent or None
        The model that this one was fine-tuned from.

    Examples
    --------
    >>> Provenance(data="iris", licence="CC BY 4.0").licence
    'CC BY 4.0'
    """

    model_config = ConfigDict(frozen=True)

    data: str | None = None
    licence: str | None = None
    source: str | None = None
    parent: "Parent | None" = None

    def lines(self) -> list[str]:
        """Return lines for people, those of the parents last."""
        lines = [f"{name}: {value}" for name in ("data", "licence", "source") if (value := getattr(self, name))]
        if self.parent is None:
            return lines
        digest = self.parent.sha256 or "a model that was never saved"
        return [*lines, f"fine-tuned from: {digest}", *("  " + line for line in self.parent.lines())]


class Parent(BaseModel):
    """The model that another one was fine-tuned from.

    Attributes
    ----------
    sha256 : str or None
        Digest of its checkpoint; None if it was never saved.
    described : str
        Its data in words.
    classes : dict of str to int
        Its classes and their training counts.
    provenance : Provenance
    """

    model_config = ConfigDict(frozen=True)

    sha256: str | None
    described: str
    classes: dict[str, int]
    provenance: Provenance

    def lines(self) -> list[str]:
        """Return lines for people."""
        counts = ", ".join(f"{name} ({count:,})" for name, count in self.classes.items())
        return [self.described, f"classes: {counts}", *self.provenance.lines()]


Provenance.model_rebuild()

_STATUSES = KEPT, ADAPTED, NEW, DROPPED = "kept", "adapted", "new", "dropped"
_SHOWN = 8  # names in one line


@dataclass(frozen=True)
class TransferReport:
    """What a fine-tuned model took over from its source before the first step.

    Attributes
    ----------
    source, target : str
        The data of both models in words.
    method, embeddings : str
        The options that were used.
    tensors : dict of str to str
        ``"kept"`` (equal to the source's), ``"adapted"`` (in part, or reshaped) or ``"new"``, for every tensor of
        generator and discriminator. The averaged generator follows the generator.
    parameters : dict of str to int
        How many numbers there are in the tensors of each kind.
    parts : dict of str to dict of str to list of str
        For ``"classes"``, and ``"columns"`` or ``"resolutions"``: what is kept, adapted, new or dropped.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> source = ganaug.train(X[y < 2], y[y < 2], max_steps=2, random_state=0)
    >>> report = ganaug.finetune(source, X[y > 0], y[y > 0], max_steps=2, random_state=0).transfer
    >>> report.method, report.parts["classes"]["kept"]
    ('full', ['1'])
    """

    source: str
    target: str
    method: str
    embeddings: str
    tensors: dict[str, str]
    parameters: dict[str, int]
    parts: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    def __str__(self) -> str:
        counts = Counter(self.tensors.values())
        tensors = ", ".join(
            f"{counts[status]} {status} ({self.parameters.get(status, 0):,} parameters)"
            for status in (KEPT, ADAPTED, NEW)
        )
        parts = [f"{name}: {_listed(found)}" for name, found in self.parts.items()]
        return (
            f"From {self.source} to {self.target}. Of {len(self.tensors)} tensors {tensors}. "
            f"{'. '.join(part[0].upper() + part[1:] for part in parts)}. "
            f"Method: {self.method}, new classes: {self.embeddings}."
        )


def _listed(found: dict[str, list[str]]) -> str:
    return "; ".join(f"{status} {_some(found[status])}" for status in _STATUSES if found.get(status)) or "none"


def _some(names: Iterable[str]) -> str:
    shown = list(names)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more

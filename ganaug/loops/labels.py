"""What the labels of a data set mean to a pool or a model."""

import reprlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from torch import Tensor

from ganaug.core.classes import Classes
from ganaug.core.errors import SchemaError, did_you_mean


def plain(label: Any) -> Any:
    """Return a label as Python's own int, str or bool."""
    size = label.numel() if isinstance(label, Tensor) else getattr(label, "size", 0)
    return label.item() if size == 1 else label


def matched(
    classes: Classes,
    labels: Iterable[Any],
    names: Sequence[Any] | None,
    *,
    strict_names: bool = False,
    required: Iterable[Any] | None = None,
) -> dict[Any, int]:
    """Return the condition of each label that a data set uses, by the rule that finds most of them.

    Parameters
    ----------
    classes : Classes
        Of the pool or the model.
    labels : iterable
        What the data set says; plain Python values.
    names : sequence, optional
        What integer labels mean: label i is called ``names[i]``.
    strict_names : bool, default=False
        Whether names have to be used. Otherwise labels that are equal, or read the same, will do.
    required : iterable, optional
        Labels that must be found; by default all. At least one has to be.

    Raises
    ------
    SchemaError
        If they are not.
    """
    labels = list(labels)
    known = {label: i for i, label in enumerate(classes.labels.tolist())}
    texts = {str(label): i for label, i in known.items()}
    rules: list[Callable[[Any], Any]] = []
    if names is not None:
        rules.append(lambda label: texts.get(str(_name(names, label))))
    if names is None or not strict_names:
        rules += [known.get, lambda label: texts.get(str(label))]
    conditions = max(({label: c for label in labels if (c := rule(label)) is not None} for rule in rules), key=len)
    missing = [label for label in (labels if required is None else required) if label not in conditions]
    if not missing and (conditions or not labels):
        return conditions
    name = _name(names or [], (missing or labels)[0])
    raise SchemaError(
        f"the model has no class {reprlib.repr(name)}; {did_you_mean(name, known)}. If labels are numbers and the "
        "model's classes are names, say which is which: names=dataset.classes"
    )


def condition_of(classes: Classes, label: Any, names: Sequence[Any] | None) -> int:
    """Return the condition of one label, -1 if the model lacks the class.

    Raises
    ------
    SchemaError
        If labels are numbers and the classes are names, or the other way round, and `names` says nothing.
    """
    try:
        return matched(classes, [label], names, strict_names=True)[label]
    except SchemaError:
        if names is None and isinstance(label, str) != isinstance(classes.labels.tolist()[0], str):
            raise
        return -1


def _name(names: Sequence[Any], label: Any) -> Any:
    if isinstance(label, int) and 0 <= label < len(names):
        return names[label]
    return label

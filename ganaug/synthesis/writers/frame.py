"""Rows as a data frame with the class as its last column."""

from typing import Any

import numpy as np
import pandas as pd

from ganaug.core.errors import SchemaError
from ganaug.core.schema import MARK
from ganaug.data.codec import Codec
from ganaug.synthesis.plan import Plan, Shard


def as_frame(X: Any, shard: Shard, plan: Plan) -> pd.DataFrame:
    """Return rows of any container as a frame with text names and the target as its last column.

    Where real rows share the file, the column before it says which are synthetic.

    Raises
    ------
    SchemaError
        If the columns are not those of the plan.
    """
    if hasattr(X, "toarray"):
        X = X.toarray()
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    labels = pd.Series([shard.class_plan.label] * len(frame), name=plan.target, index=frame.index)
    marks = [pd.Series(not shard.real, name=MARK, index=frame.index)] if plan.marks_real else []
    frame = pd.concat([frame, *marks, labels], axis=1)
    if list(frame.columns) != list(plan.dtypes):
        raise SchemaError(f"expected the columns {list(plan.dtypes)}; got {list(frame.columns)}: rename them")
    return frame


def column_dtypes(codec: Codec, labels: np.ndarray, target: str) -> dict[str, str]:
    """Return the dtype of each column of rows and of their target, by name; nothing for what has no columns."""
    schema = codec.schema
    if not hasattr(schema, "columns"):
        return {}
    whole = None if schema.dtype is None else str(np.dtype(schema.dtype))
    columns = {str(column.name): whole or column.dtype for column in schema.columns}
    return columns | {target: str(pd.Series(labels.tolist()).dtype)}


def is_text(values: pd.Series) -> bool:
    """Whether a column may hold text."""
    return values.dtype == object or isinstance(values.dtype, (pd.StringDtype, pd.CategoricalDtype))

"""What the data are: columns of a table, or the shape of an image."""

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

MARK = "is_synthetic"  # column, or array, of one written file that holds real samples too


class Column(BaseModel):
    """One column of a table: its name, what it holds, and the dtype it is given back in."""

    model_config = ConfigDict(frozen=True)

    name: str | int
    kind: Literal["numeric", "category", "datetime", "constant"]
    dtype: str


class TableSchema(BaseModel):
    """Rows of named columns and the container they came in."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["table"] = "table"
    container: Literal["array", "list", "csr", "csc", "csr_array", "csc_array", "frame"]
    dtype: str | None  # of the whole array; None for a frame
    columns: tuple[Column, ...]

    def describe(self) -> str:
        """Return one line for people."""
        kinds = [column.kind for column in self.columns]
        parts = [f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds)]
        return f"table of {len(kinds)} columns ({', '.join(parts)})"


class ImageSchema(BaseModel):
    """Images of one size."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["image"] = "image"
    container: Literal["array", "pil"]
    layout: Literal["NHW", "NHWC", "NCHW"]
    height: int
    width: int
    channels: int
    dtype: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return self.channels, self.height, self.width

    def describe(self) -> str:
        """Return one line for people."""
        colour = {1: "gray", 3: "RGB", 4: "RGBA"}.get(self.channels, f"{self.channels} channels")
        return f"images of {self.height} × {self.width}, {colour}, {np.dtype(self.dtype).name}"


# Described without their kinds, which import torch and pandas: ``ganaug info`` answers at once.
LIGHT_SCHEMAS: "dict[str, type[TableSchema] | type[ImageSchema]]" = {"table": TableSchema, "image": ImageSchema}

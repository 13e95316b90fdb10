"""Write synthetic samples chunk by chunk into a folder.

A writer is registered in the entry-point group ``ganaug.writers`` under the kind of schema it writes. It never leaves
its folder, whatever a class is called; putting the finished folder in its place is the caller's business.
"""

import hashlib
import io
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from PIL import Image

from ganaug.core.errors import SchemaError
from ganaug.data.codec import Codec
from ganaug.data.image import ImageCodec

_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(1, 10))}


class Writer(Protocol):
    """Takes chunks class by class."""

    def __init__(self, folder: Path, codec: Codec, labels: Sequence[Any], target: str) -> None: ...

    def write(self, label: Any, X: Any) -> None:
        """Append samples of one class."""
        ...

    def close(self) -> dict[str, str]:
        """Finish, and return the SHA-256 digest of every file by its path inside the folder."""
        ...


class ImageFolderWriter:
    """``<class>/000000.png``, as ``torchvision.datasets.ImageFolder`` reads it.

    Pixels are stretched so that the range the model was trained on spans 0…255.

    Parameters
    ----------
    folder : Path
        An existing folder.
    codec : ImageCodec
        Turns samples into uint8.
    labels : sequence
        Classes that will be written.
    target : str
        Not used: a class is the name of its folder.

    Raises
    ------
    SchemaError
        If two classes need the same folder name.
    """

    def __init__(self, folder: Path, codec: ImageCodec, labels: Sequence[Any], target: str) -> None:
        self.folder = folder
        self.codec = codec
        self.names = folder_names(labels)
        self._counts = dict.fromkeys(self.names, 0)
        self._digests: dict[str, str] = {}
        for name in self.names.values():
            (folder / name).mkdir()

    def write(self, label: Any, X: Any) -> None:
        """Append images of one class."""
        name = self.names[label]
        for pixels in self.codec.to_uint8(X):
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "PNG")
            relative = f"{name}/{self._counts[label]:06d}.png"
            (self.folder / relative).write_bytes(buffer.getvalue())
            self._digests[relative] = hashlib.sha256(buffer.getvalue()).hexdigest()
            self._counts[label] += 1

    def close(self) -> dict[str, str]:
        """Return the digests."""
        return self._digests


class CSVWriter:
    """``synthetic.csv``: the columns of the training data, then the target.

    Parameters
    ----------
    folder : Path
        An existing folder.
    codec : Codec
        Of a table.
    labels : sequence
        Classes that will be written.
    target : str
        Name of the label column.
    """

    file_name = "synthetic.csv"

    def __init__(self, folder: Path, codec: Codec, labels: Sequence[Any], target: str) -> None:
        self.target = target
        self._path = folder / self.file_name
        self._digest = hashlib.sha256()
        self._header = True

    def write(self, label: Any, X: Any) -> None:
        """Append rows of one class."""
        if hasattr(X, "toarray"):
            X = X.toarray()
        frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
        frame = pd.concat([frame, pd.Series([label] * len(frame), name=self.target, index=frame.index)], axis=1)
        content = frame.to_csv(index=False, header=self._header, lineterminator="\n").encode()
        with self._path.open("ab") as handle:
            handle.write(content)
        self._digest.update(content)
        self._header = False

    def close(self) -> dict[str, str]:
        """Return the file's digest."""
        return {self.file_name: self._digest.hexdigest()}


def folder_names(labels: Sequence[Any]) -> dict[Any, str]:
    """Map class labels to names that are one plain folder on any file system.

    Separators, control characters and what Windows forbids are percent-encoded, and so are leading dots, trailing dots
    and spaces, and reserved device names.

    Raises
    ------
    SchemaError
        If two labels need the same name, or names that differ only in case.

    Examples
    --------
    >>> folder_names(["cat", "../etc", 3])
    {'cat': 'cat', '../etc': '%2E.%2Fetc', 3: '3'}
    """
    names = {label: _folder_name(str(label)) for label in labels}
    seen: dict[str, Any] = {}
    for label, name in names.items():
        other = seen.setdefault(name.casefold(), label)
        if other is not label:
            raise SchemaError(f"classes {other!r} and {label!r} would share the folder {name!r}; rename one")
    return names


def _folder_name(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    name = re.sub(r'[\x00-\x1f\x7f%/\\:*?"<>|]|^\.|[. ]$', lambda match: f"%{ord(match[0]):02X}", text)
    if not name or name.split(".")[0].casefold() in _RESERVED:
        name = f"%{ord(text[0]):02X}{text[1:]}" if text else "%00"
    return name

"""The checkpoint file: named arrays and a JSON header in one ``.safetensors`` file, guarded by a digest.

Nothing here imports torch, so that a header can be read at once, and nothing ever unpickles.
"""

import hashlib
import json
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ganaug.core import registry
from ganaug.core.container import CHECKPOINT, MAX_HEADER, canonical
from ganaug.core.errors import CheckpointError
from ganaug.core.files import replacing

FORMAT = 1


def write(path: Path, header: Mapping[str, Any], tensors: Mapping[str, np.ndarray], *, overwrite: bool) -> str:
    """Write a checkpoint atomically and return its digest.

    Parameters
    ----------
    path : Path
        Where to; missing parent folders are created.
    header : mapping
        JSON-able description; ``format`` and ``sha256`` are added.
    tensors : mapping of str to ndarray
        The weights.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    OutputError
        If the file exists and may not be replaced, or cannot be written.
    """
    from safetensors.numpy import save

    tensors = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    header = {"format": FORMAT, **header}
    digest = _digest(header, tensors)
    content = save(tensors, metadata={CHECKPOINT: canonical({**header, "sha256": digest})})
    with replacing(path, overwrite=overwrite) as partial:
        partial.write_bytes(content)
    return digest


def locate(source: str | Path) -> Path:
    """Return the file of a checkpoint: a path as it is, or what a plugin has under ``name:item``.

    In the entry-point group ``ganaug.checkpoints`` a name stands for a function from an item to the path of a file.

    Raises
    ------
    PluginNotFoundError
        If nobody registered the name, and there is no such file.

    Examples
    --------
    >>> locate("cells.safetensors").name
    'cells.safetensors'
    """
    found = re.fullmatch(r"([a-z][\w-]+):(.+)", str(source))  # two letters at least: C: is a drive
    if found is None or Path(source).exists():
        return Path(source)
    return Path(registry.lookup("checkpoints", found[1])(found[2]))


def read_header(path: str | Path) -> dict[str, Any]:
    """Read the JSON header alone: milliseconds, whatever the size of the model.

    Raises
    ------
    CheckpointError
        If the file is missing, not a ganaug checkpoint, truncated, or written by a newer ganaug.
    PluginNotFoundError
        As `locate`.
    """
    path = locate(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as handle:
            start = handle.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            raw = handle.read(length) if 2 <= length <= min(MAX_HEADER, size) else b""
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}") from error
    if size == 0:
        raise CheckpointError(f"{path} is empty")
    try:
        table = json.loads(raw)
        metadata = table.pop("__metadata__", {})
        expected = 8 + length + max((entry["data_offsets"][1] for entry in table.values()), default=0)
        header = json.loads(metadata[CHECKPOINT])
        newer = header["format"] > FORMAT
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        if start[:1] == b"\x80" or start[:4] == b"PK\x03\x04":
            reason = "is a pickle or a torch.save file, which ganaug never loads; use gan.save"
            raise CheckpointError(f"{path} {reason}") from None
        if 2 <= length <= MAX_HEADER and size < 8 + length and start[8:9] in (b"", b"{"):
            raise CheckpointError(f"{path} is truncated or is no ganaug checkpoint: its header is cut") from None
        raise CheckpointError(f"{path} is no ganaug checkpoint, or its header is damaged") from None
    if newer:
        raise CheckpointError(f"{path} has format {header['format']}, this ganaug reads up to {FORMAT}; upgrade it")
    if size < expected:
        raise CheckpointError(f"{path} is truncated: {size:,} of {expected:,} bytes")
    return header


def read(path: str | Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read header and arrays, and check the digest.

    Raises
    ------
    CheckpointError
        As `read_header`; also when a single bit differs from what was written, or a weight is not finite.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    path = locate(path)
    header = read_header(path)
    try:
        tensors = load(path.read_bytes())
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"{path} is damaged: {error}") from error
    if _digest(header, tensors) != header.get("sha256"):
        raise CheckpointError(f"{path} is damaged: its content does not match its digest")
    for name, array in tensors.items():
        if not name.startswith("run.") and array.dtype.kind == "f" and not np.isfinite(array).all():
            raise CheckpointError(f"{path} cannot be used: {name} holds NaN or infinity; train the model anew")
    return header, tensors


def _digest(header: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> str:
    described = {name: value for name, value in header.items() if name != "sha256"}
    digest = hashlib.sha256(canonical(described).encode())
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()

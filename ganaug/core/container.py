"""What checkpoints and pools have in common: a ``.safetensors`` file whose only metadata entry is a JSON header."""

import json
from pathlib import Path
from typing import Any

CHECKPOINT, POOL = "ganaug", "ganaug-pool"  # names of the entry: safetensors does not keep the order of several
MAX_HEADER = 100_000_000  # bytes; safetensors' own limit


def canonical(value: Any) -> str:
    """Return JSON that is the same for equal values: what digests are taken of."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def is_named(path: Path, name: str) -> bool:
    """Whether a file says that it is a container of this name; it may be damaged all the same."""
    try:
        with path.open("rb") as handle:
            return f'"{name}"'.encode() in handle.read(200)
    except OSError:
        return False

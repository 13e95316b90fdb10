"""``manifest.json``: what was written, how, and the SHA-256 digest of every file."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from ganaug.core.errors import ManifestError
from ganaug.synthesis.plan import Plan

MANIFEST = "manifest.json"
PREVIEW = "preview.png"


class Manifest(NamedTuple):
    """The plan that was carried out, and what came of it."""

    plan: Plan
    files: dict[str, str]  # digest by path inside the folder
    folder: Path  # that the paths are inside of


def beside(target: Path) -> Path:
    """Return where the manifest of an output is: inside a folder, beside a file."""
    return target.with_name(f"{target.name}.{MANIFEST}") if target.is_file() else target / MANIFEST


def write(path: Path, plan: Plan, files: Iterable[tuple[str, str]]) -> None:
    """Write a manifest, in memory that does not grow with the number of files; equal ones have equal bytes."""
    head = json.dumps(plan.model_dump(mode="json"), indent=1)
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        handle.write(head[: -len("\n}")] + ',\n "files": {')
        for i, (name, digest) in enumerate(files):
            handle.write(f"{',' if i else ''}\n  {json.dumps(name)}: {json.dumps(digest)}")
        handle.write("\n }\n}\n")


def read(target: Path) -> Manifest:
    """Read the manifest of an output: of a folder, or of the single file that it is about.

    Raises
    ------
    ManifestError
        If there is none, it is not ganaug's, of a newer format, or damaged.
    """
    path = beside(target)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ManifestError(f"cannot read {path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{path} is damaged, or is no manifest: {error}") from None
    if (
        not isinstance(content, dict)
        or not isinstance(content.get("versions"), dict)
        or "ganaug" not in content["versions"]
    ):
        raise ManifestError(f"{path} is not a manifest of ganaug synth")
    if isinstance(content.get("format"), int) and content["format"] > 1:
        raise ManifestError(f"{path} has format {content['format']}, this ganaug reads up to 1; upgrade it")
    files = content.pop("files", None)
    if not isinstance(files, dict) or not all(isinstance(digest, str) for digest in files.values()):
        raise ManifestError(f"{path} is damaged: it lists no files")
    outside = next((name for name in files if Path(name).is_absolute() or ".." in Path(name).parts), None)
    if outside is not None:
        raise ManifestError(f"{path} is damaged: it lists {outside!r}, which is outside")
    try:
        return Manifest(Plan.model_validate_json(json.dumps(content)), files, path.parent)
    except ValidationError as error:
        first = error.errors()[0]
        raise ManifestError(f"{path} is damaged: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def digest_of(path: Path) -> str:
    """Return a file's SHA-256 digest."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()

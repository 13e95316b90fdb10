"""Makes the README fit an index page: links and pictures of the repository become absolute."""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_PICTURES = (".png", ".jpg", ".svg")
_RELATIVE = re.compile(r"\]\((?!https?:|#)([^)\s]+)\)")


def absolute(text: str, repository: str) -> str:
    """Return the text with its relative links pointing into the repository, pictures at their raw bytes."""

    def target(found: re.Match[str]) -> str:
        view = "raw" if found[1].endswith(_PICTURES) else "blob"
        return f"]({repository}/{view}/main/{found[1]})"

    return _RELATIVE.sub(target, text)


class ReadmeHook(MetadataHookInterface):
    """Reads README.md and the one place that knows where the project lives: ``project.urls.Repository``."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the readme of the distribution."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        repository = metadata["urls"]["Repository"]
        metadata["readme"] = {"content-type": "text/markdown", "text": absolute(text, repository)}

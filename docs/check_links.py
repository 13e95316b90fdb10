"""Find dead links between the files of this repository, or with a folder of built pages, between those.

python docs/check_links.py
python docs/check_links.py docs/_build/html
"""

import re
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
BUILT = ("docs/examples", "docs/distributions", "docs/api/generated", "docs/_build")


def sources() -> Iterator[tuple[Path, str]]:
    """Give each link of each Markdown page with the page."""
    for page in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("plugins/*/*.md")]):
        if str(page.relative_to(ROOT)).startswith(BUILT):
            continue
        for link in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
            yield page, link


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)


@cache
def parsed(page: Path) -> _Page:
    """Read a built page."""
    found = _Page()
    found.feed(page.read_text(encoding="utf-8"))
    return found


@cache
def anchors(page: Path) -> set[str]:
    """Return what a link to a page may end in."""
    if page.suffix == ".html":
        return parsed(page).anchors
    titles = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def dead(page: Path, link: str) -> str | None:
    """Say what is wrong with a link; None if nothing is, or if it leads elsewhere."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    target = page.parent / unquote(parts.path) if parts.path else page
    if str(target.resolve()).startswith(tuple(str(ROOT / folder) for folder in BUILT[:3])):
        return None  # the site's build makes these, and checks them
    if not target.exists():
        return f"{page}: {link} does not exist"
    if parts.fragment and target.suffix in (".md", ".html") and unquote(parts.fragment) not in anchors(target):
        return f"{page}: {link} names no heading"
    return None


def main() -> None:
    """Print what is dead, and fail if anything is."""
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1])
        links = [(page, link) for page in sorted(folder.rglob("*.html")) for link in parsed(page).links]
    else:
        links = list(sources())
    broken = sorted({found for page, link in links if (found := dead(page, link))})
    if broken:
        sys.exit("\n".join(broken))
    print(f"{len(links):,} links, none dead")


if __name__ == "__main__":
    main()

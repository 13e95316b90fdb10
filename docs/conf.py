"""The documentation site: `make docs` builds it without a network, and every warning is an error."""

import inspect
import os
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "NO_ALBUMENTATIONS_UPDATE": "1", "TQDM_DISABLE": "1"}

import ganaug

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE))

project = "ganaug"
author = "ganaug contributors"
copyright = author
version = release = ganaug.__version__
repository = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build", "gallery", "**/GALLERY_HEADER.rst"]
templates_path = ["_templates"]
html_theme = "furo"
html_title = f"ganaug {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = html_show_copyright = False
html_theme_options = {"top_of_page_buttons": []}
pygments_style, pygments_dark_style = "friendly", "monokai"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = False

smartquotes = False  # quotes in docstrings are code
default_role = "autolink"  # a name in backticks is a link if something has that name
autosummary_ignore_module_all = False
autodoc_typehints = "none"  # numpydoc says the types, with shapes and ranges
autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "examples",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "backreferences_dir": "examples/of",
    "doc_module": ("ganaug",),
    "abort_on_example_error": False,  # all are run, then the build fails
    "ignore_repr_types": r"matplotlib\..*",
    "show_signature": False,
    "remove_config_comments": True,
    "min_reported_time": 0,
    "download_all_examples": False,
    "write_computation_times": False,
    "reset_modules": ("matplotlib", "gallery_style.reset"),
}


def write_distributions() -> None:
    """Write a page for each plugin that this repository brings: its README, with links that fit its new place."""
    folder = HERE / "distributions"
    folder.mkdir(exist_ok=True)
    readmes = sorted(ROOT.glob("plugins/*/README.md"))
    names = "\n".join(readme.parent.name for readme in readmes)
    pages = {"index": f"# Distributions of their own\n\n```{{toctree}}\n:maxdepth: 1\n\n{names}\n```\n"}
    for readme in readmes:

        def moved(found: re.Match[str], home: Path = readme.parent) -> str:
            target = (home / found[1]).resolve()
            inside = target.is_relative_to(HERE)
            return (
                f"](../{target.relative_to(HERE)})"
                if inside
                else f"]({repository}/blob/main/{target.relative_to(ROOT)})"
            )

        pages[readme.parent.name] = re.sub(r"\]\((?!https?:|#)([^)\s]+)\)", moved, readme.read_text(encoding="utf-8"))
    for stale in {page.stem for page in folder.glob("*.md")} - pages.keys():
        (folder / f"{stale}.md").unlink()
    for name, page in pages.items():
        target = folder / f"{name}.md"
        if not target.exists() or target.read_text(encoding="utf-8") != page:
            target.write_text(page, encoding="utf-8")


def point_into_the_site(app: object, page: str, source: list[str]) -> None:
    """Turn links to files that are no pages into links to pages that show them, or to the repository."""
    up = "../" * page.count("/")
    source[0] = re.sub(r"\]\((?:\.\./)*plugins/([\w-]+)/README\.md\)", rf"]({up}distributions/\1.md)", source[0])
    source[0] = re.sub(r"\]\((?:\.\./)+(examples/[^)]*)\)", rf"]({repository}/blob/main/\1)", source[0])


def skip_others(app: object, what: str, name: str, thing: object, skip: bool, options: object) -> bool | None:
    """Leave out what classes inherit from other libraries."""
    home = getattr(getattr(thing, "fget", None) or getattr(thing, "__func__", thing), "__module__", None) or "ganaug"
    return None if home.startswith(("ganaug", "builtins")) else True


def escape(app: object, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Escape what docstrings mean literally: stars of shapes, underscores at the end of names."""
    lines[:] = [re.sub(r"(?<![`\\])\*sample_shape(?![^`]*``)", r"\*sample_shape", line) for line in lines]
    lines[:] = [re.sub(r"(?<=, )\*(?=, )", r"\*", line) for line in lines]  # of signatures
    lines[:] = [line if "`" in line else re.sub(r"(\w)_(?=[,)])", r"\1\_", line) for line in lines]


def list_settings(app: object, what: str, name: str, thing: Any, options: object, lines: list[str]) -> None:
    """Add to a configuration's docstring its fields, which the source explains in comments behind them."""
    if what != "class" or not name.endswith("Config"):
        return
    source = inspect.getsource(thing)
    lines += ["", ".. list-table:: Settings", "   :header-rows: 1", "   :widths: 25 20 55", ""]
    lines += ["   * - setting", "     - default", "     - meaning"]
    for field, info in thing.model_fields.items():
        found = re.search(rf"^    {field}: [^#\n]*(?:\n {{8}}[^#\n]*)?# (.*(?:\n    # .*)*)", source, re.MULTILINE)
        meaning = re.sub(r"\s*\n    # ", " ", found[1]).replace("*", r"\*") if found else ""
        lines += [f"   * - ``{field}``", f"     - ``{info.default!r}``", f"     - {meaning}"]
    lines.append("")


def setup(app) -> None:
    """Connect the hooks."""
    app.connect("source-read", point_into_the_site)
    app.connect("autodoc-skip-member", skip_others)
    app.connect("autodoc-process-docstring", escape, priority=900)  # after numpydoc's
    app.connect("autodoc-process-docstring", list_settings, priority=900)


write_distributions()

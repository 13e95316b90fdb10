"""The files that a release needs say what the package says."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

import ganaug

yaml = pytest.importorskip("yaml")

ROOT = Path(ganaug.__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_citation_names_this_version_and_nobody():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == ganaug.__version__ == PROJECT["version"]
    recipe = yaml.safe_load((ROOT / "packaging" / "conda" / "recipe.yaml").read_text(encoding="utf-8"))
    assert recipe["context"]["version"] == ganaug.__version__
    names = {line.split()[0] for line in recipe["requirements"]["run"]}
    needed = [re.split("[>=[]", line)[0] for line in PROJECT["dependencies"]]
    assert {{"torch": "pytorch"}.get(name, name) for name in needed} <= names
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"] == [{"name": "ganaug contributors"}]


def test_the_readme_of_an_index_page_has_no_relative_links():
    pytest.importorskip("hatchling")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    text = build.absolute((ROOT / "README.md").read_text(encoding="utf-8"), PROJECT["urls"]["Repository"])
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert len(links) > 10 and all(link.startswith("https://") for link in links)
    assert any(link.endswith("preview.png") and "/raw/" in link for link in links)
    assert text.index("pip install ganaug") < text.index("make demo")


@pytest.mark.parametrize("file", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda file: file.name)
def test_workflows_call_what_exists(file):
    text = file.read_text(encoding="utf-8")
    assert yaml.safe_load(text)
    targets = re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"run: make ([\w-]+)", text)) <= {*targets, "release-check"}
    for extra in re.findall(r'"?\.\[([\w,]+)\]', text):
        assert set(extra.split(",")) <= PROJECT["optional-dependencies"].keys()


def test_the_changelog_has_the_version_or_what_is_to_come():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{ganaug.__version__}]" in text or "## [Unreleased]" in text

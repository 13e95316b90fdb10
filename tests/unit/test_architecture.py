"""The house rules: imports point downward, entry points load and are documented, nothing heavy loads early."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import ganaug

PACKAGE = Path(ganaug.__file__).parent
ROOT = PACKAGE.parent
ROOMS = "core data models training finetuning oversampling loops synthesis evaluation report cli".split()
FLOORS = {room: floor for floor, room in enumerate(ROOMS)}
GROUPS = [
    "kinds",
    "synthesizers",
    "checkpoints",
    "networks",
    "objectives",
    "sources",
    "metrics",
    "readers",
    "writers",
    "reports",
]


def imported(file):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def floor(module):
    parts = module.split(".")
    return FLOORS.get(parts[1]) if parts[0] == "ganaug" and len(parts) > 1 else None


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_point_downward(file):
    own = floor(".".join(("ganaug", *file.relative_to(PACKAGE).with_suffix("").parts)))
    if own is None:
        return
    for module in imported(file):
        other = floor(module)
        assert other is None or other <= own, f"{file.name} imports {module}, which lives above it"


TESTED_ELSEWHERE = {  # functions of a package itself
    "cli/__init__.py": "test_extras.py",  # what the script says without the extra
    "data/readers/__init__.py": "data/readers/test_read.py",
    "data/table/dependencies/__init__.py": "data/table/dependencies/test_dependencies.py",
}


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_every_module_with_something_public_has_a_file_of_tests(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    defined = [node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    if all(name.startswith("_") for name in defined):
        return
    module = file.relative_to(PACKAGE)
    mirror = TESTED_ELSEWHERE.get(module.as_posix(), module.with_name(f"test_{module.name}"))
    assert (Path(__file__).parent / mirror).is_file(), f"write tests/unit/{mirror}"


@pytest.mark.parametrize("group", GROUPS)
def test_every_entry_point_loads_and_is_documented(group):
    documented = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"][f"ganaug.{group}"]
    found = {point.name: point for point in entry_points(group=f"ganaug.{group}")}
    assert declared.keys() <= found.keys()
    for name in declared:
        assert found[name].load() is not None
        assert f"`{name}`" in documented


def test_no_entry_point_group_is_forgotten():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    assert declared.keys() == {f"ganaug.{group}" for group in GROUPS}


@pytest.mark.parametrize("statement", ["import ganaug", "import ganaug.cli.app", "from ganaug import TrainConfig"])
def test_nothing_heavy_loads_early(statement):
    heavy = "torch sklearn imblearn pandas torchvision albumentations".split()
    if "cli" in statement:
        pytest.importorskip("typer")
    code = f"import sys; {statement}; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_every_public_name_loads_and_the_rest_says_so():
    for name in ganaug.__all__:
        assert getattr(ganaug, name) is not None
    assert set(ganaug.__all__) <= set(dir(ganaug))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        ganaug.nonsense  # noqa: B018


def test_version_is_the_distribution_s():
    from importlib.metadata import version

    assert version("ganaug") == ganaug.__version__


def test_generated_command_line_page_is_current():
    pytest.importorskip("typer", minversion="0.29")  # earlier ones lay it out otherwise
    subprocess.run([sys.executable, ROOT / "docs" / "generate_cli.py", "--check"], check=True)


def test_doctests():
    import doctest
    import importlib

    tried = 0
    for file in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(("ganaug", *file.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        module = importlib.import_module(name)
        result = doctest.testmod(module, extraglobs={"ganaug": ganaug})
        assert result.failed == 0, name
        tried += result.attempted
    assert tried > 15


def test_no_module_imports_itself_by_way_of_others():
    """Type hints and imports inside functions count too."""
    modules = {
        ".".join(("ganaug", *file.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): file
        for file in PACKAGE.rglob("*.py")
        if file != PACKAGE / "__init__.py"
    }
    edges = {name: {other for other in imported(file) if other in modules} - {name} for name, file in modules.items()}
    for package in [name for name, file in modules.items() if file.name == "__init__.py"]:
        for name in modules:
            if name.startswith(f"{package}."):  # reaching a module through its package is no circle of its own
                edges[name] -= {package}
    left = dict(edges)
    while free := [
        name
        for name, others in left.items()
        if not others & left.keys() or not any(name in left[other] for other in left)
    ]:
        for name in free:
            del left[name]
    assert not left, f"circles among {sorted(left)}"


KINDS_BY_HEART = re.compile(r"""\bkind\s*[!=]=\s*["'](image|table)["']|isinstance\([^)]*(Image|Table)Schema""")


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_room_knows_kinds_of_data_by_heart(file):
    if file.relative_to(PACKAGE).parts[:2] in (("data", "image"), ("data", "table")):
        return
    lines = file.read_text(encoding="utf-8").splitlines()
    found = [line for line in lines if KINDS_BY_HEART.search(line) and "dtype.kind" not in line]
    assert not found, f"{file.name}: look it up in the Kind instead: {found}"

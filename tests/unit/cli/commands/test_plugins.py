import subprocess
import sys
from importlib.metadata import entry_points

import pytest


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a distribution with one part, and return the part's module file."""

    def install(group, name, body, distribution="strange"):
        site = tmp_path / distribution
        (site / f"{distribution}-1.5.dist-info").mkdir(parents=True)
        (site / f"{distribution}-1.5.dist-info" / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.5\n"
        )
        (site / f"{distribution}-1.5.dist-info" / "entry_points.txt").write_text(
            f"[ganaug.{group}]\n{name} = part_of_{distribution}:Part\n"
        )
        (site / f"part_of_{distribution}.py").write_text(body)
        monkeypatch.syspath_prepend(site)

    yield install
    sys.modules.pop("part_of_strange", None)


def found(ok, *arguments):
    out, err = ok("plugins", "--json", *arguments)
    return {(part["group"].removeprefix("ganaug."), part["name"]): part for part in out["parts"]}


def test_every_built_in_part_is_listed_and_loads(ok):
    listed = found(ok)
    for group in ("kinds", "metrics", "networks", "objectives", "readers", "sources", "writers"):
        ours = [point for point in entry_points(group=f"ganaug.{group}") if point.dist.name == "ganaug"]
        assert ours
        for point in ours:
            part = listed[group, point.name]
            assert part["value"] == point.value
            assert part["distribution"].startswith("ganaug ")
            assert part["loads"] is True
            assert part["problem"] == ""


def test_part_of_another_distribution(ok, installed):
    installed("objectives", "focal", "print('hello')\nclass Part: pass")
    part = found(ok)["objectives", "focal"]
    assert (part["distribution"], part["value"], part["loads"]) == ("strange 1.5", "part_of_strange:Part", True)
    assert "focal" in ok("plugins")[0]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("x = 1 / 0", "ZeroDivisionError"),
        ("other = 1", "AttributeError"),
        ("def (", "SyntaxError"),
        ("raise SystemExit(3)", "ends the program"),
    ],
)
def test_part_that_does_not_load_is_named_with_the_reason(cli, installed, body, says):
    installed("objectives", "focal", body)
    code, out, err = cli("plugins")
    assert code == 1
    (line,) = [line for line in out.splitlines() if "focal" in line]
    assert says in line
    assert "strange 1.5" in line
    assert "Traceback" not in err
    assert cli("plugins", "--no-load")[0] == 0


def test_name_that_is_taken_twice(cli, installed):
    installed("objectives", "hinge", "class Part: pass")
    code, out, _ = cli("plugins", "--no-load")
    assert code == 1
    assert sum("registered more than once" in line for line in out.splitlines()) == 2


def test_broken_part_that_is_used_is_one_line(fails, data, installed):
    installed("objectives", "focal", "import no_such_module")
    says = "objective 'focal' of strange 1.5 does not load (ModuleNotFoundError"
    fails(2, "train", data / "orders.csv", "-o", "m", "--objective", "focal", says=says)


def test_listing_without_loading_imports_no_part():
    code = (
        "import sys; from ganaug.cli.app import run; code = run(['plugins', '--no-load']); "
        "sys.exit([m for m in ('torch', 'pandas', 'ganaug.models') if m in sys.modules] or code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "relativistic" in done.stdout

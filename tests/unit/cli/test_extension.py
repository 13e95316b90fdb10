import subprocess
import sys

import pytest

pytest.importorskip("typer")
import typer

from ganaug.cli.app import run
from ganaug.core import registry

PROGRAM = "import sys; from ganaug.cli.app import run; sys.exit(run(sys.argv[1:]))"


@pytest.fixture
def greeting():
    def greet(name: str, loud: bool = False) -> None:
        """Say hello."""
        typer.echo(f"hello {name}".upper() if loud else f"hello {name}")

    registry.register("commands", "greet", greet)
    yield
    registry.unregister("commands", "greet")


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A distribution whose module ends badly when it is imported."""
    about = tmp_path / "site" / "greeter-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: greeter\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[ganaug.commands]\ngreet = greeter:greet\ntrain = greeter:train\n")
    (tmp_path / "site" / "greeter.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))


def called(*arguments):
    return subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=False)


def test_a_registered_function_is_a_command(greeting, capsys):
    assert run(["greet", "you", "--loud"]) == 0
    assert capsys.readouterr().out == "HELLO YOU\n"
    assert run(["greet", "--help"]) == 0
    assert "Say hello." in capsys.readouterr().out
    assert run(["greet"]) == 2
    assert "name" in capsys.readouterr().err.lower()


def test_a_typer_of_several_commands_is_a_group(capsys):
    group = typer.Typer()
    group.command("one")(lambda: typer.echo("first"))
    group.command("two")(lambda: typer.echo("second"))
    registry.register("commands", "count", group)
    try:
        assert run(["count", "two"]) == 0
        assert capsys.readouterr().out == "second\n"
    finally:
        registry.unregister("commands", "count")


def test_help_lists_commands_of_plugins_without_importing_them(installed):
    listed = called("--help")
    assert listed.returncode == 0, listed.stderr
    assert "greet" in listed.stdout and "From greeter." in listed.stdout
    assert "Train a model" in listed.stdout  # ganaug's own command of that name stays


def test_a_command_that_cannot_be_imported_is_one_line(installed):
    failed = called("greet")
    assert (failed.returncode, failed.stdout) == (2, "")
    said = "error: command 'greet' of greeter 1.0 does not load (RuntimeError: imported); repair or uninstall it\n"
    assert failed.stderr == said

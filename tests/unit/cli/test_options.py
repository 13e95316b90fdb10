from typing import Annotated

import pytest

pytest.importorskip("typer")
import typer
from typer.testing import CliRunner

from ganaug.cli.options import Reading, Training, grouped
from ganaug.core.errors import ConfigError


class TestGrouped:
    @pytest.fixture
    def app(self):
        app = typer.Typer()

        @app.command()
        @grouped
        def show(
            name: str, reading: Reading, training: Training, loud: Annotated[bool, typer.Option("--loud")] = False
        ) -> None:
            """Show what arrived."""
            typer.echo((name, reading.target, reading.strict, training.max_steps, training.settings, loud))

        return app

    def test_the_options_of_a_group_arrive_in_it(self, app):
        given = ["x", "--target", "price", "--strict", "--max-steps", "7", "--set", "width=3", "--loud"]
        result = CliRunner().invoke(app, given)
        assert result.output == "('x', 'price', True, 7, ['width=3'], True)\n"

    def test_what_is_not_given_has_its_default(self, app):
        assert CliRunner().invoke(app, ["x"]).output == "('x', None, False, None, None, False)\n"

    def test_values_are_checked_by_the_option(self, app):
        assert CliRunner().invoke(app, ["x", "--max-steps", "0"]).exit_code == 2


class TestBudget:
    @pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("2m", 120), ("0.5h", 1800)])
    def test_a_time(self, text, seconds):
        assert Training(budget=text).flags() == {"max_seconds": seconds}

    @pytest.mark.parametrize("text", ["30", "s", "0s", "-1m", "2 m", "1d"])
    def test_what_is_no_time_is_refused(self, text):
        with pytest.raises(typer.BadParameter, match="30s, 2m or 1h"):
            Training(budget=text).flags()

    def test_two_limits_are_refused(self):
        with pytest.raises(typer.BadParameter, match="give one"):
            Training(budget="30s", max_seconds=3.0, quality="draft").flags()


class TestPrecedence:
    @pytest.fixture
    def file(self, tmp_path):
        file = tmp_path / "settings.toml"
        file.write_text("max_steps = 1\nwidth = 2\ndepth = 3\n")
        return file

    def test_options_win_over_set_and_set_over_the_file(self, file):
        training = Training(max_steps=30, settings=["max-steps=20", "width=20"], config_file=file)
        assert training.merged() == {"max_steps": 30, "width": 20, "depth": 3}
        assert training.config().model_dump(exclude_unset=True) == training.merged()

    def test_a_setting_needs_a_value(self):
        with pytest.raises(ConfigError, match="expected NAME=VALUE"):
            Training(settings=["width"]).merged()

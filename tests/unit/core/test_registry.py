from importlib.metadata import EntryPoint, entry_points

import pytest

from ganaug.core import registry
from ganaug.core.errors import PluginNotFoundError


@pytest.mark.parametrize(
    "point", sorted(p for g in ("objectives", "sources", "metrics") for p in entry_points(group=f"ganaug.{g}")), ids=str
)
def test_every_registered_part_loads(point):
    assert callable(registry.lookup(point.group.removeprefix("ganaug."), point.name))


def test_names_are_sorted_and_complete():
    known = registry.names("objectives")
    assert known == sorted(known)
    assert {"vanilla", "lsgan", "wgan", "wgan-gp", "hinge", "relativistic"} <= set(known)


def test_misspelt_name_is_answered():
    with pytest.raises(PluginNotFoundError, match="no objective is registered as 'hing'; did you mean 'hinge'"):
        registry.lookup("objectives", "hing")


def test_unknown_name_lists_what_there_is():
    with pytest.raises(PluginNotFoundError, match="no network is registered as 'zzz'; known: .*conv, .*mlp, .*resnet"):
        registry.lookup("networks", "zzz")


def pretend(monkeypatch, *points):
    monkeypatch.setattr(
        registry,
        "entry_points",
        lambda group, name=None: [p for p in points if p.group == group and name in (None, p.name)],
    )


def test_a_plugin_is_found_like_a_built_in(monkeypatch):
    pretend(monkeypatch, EntryPoint("ratio", "fractions:Fraction", "ganaug.metrics"))
    assert registry.lookup("metrics", "ratio")(1, 2) == 0.5
    assert registry.names("metrics") == ["ratio"]


def test_two_parts_of_one_name_are_refused_by_name(monkeypatch):
    points = [EntryPoint("x", value, "ganaug.metrics") for value in ("fractions:Fraction", "decimal:Decimal")]
    pretend(monkeypatch, *points)
    with pytest.raises(PluginNotFoundError, match="more than once .decimal:Decimal, fractions:Fraction."):
        registry.lookup("metrics", "x")


def test_the_same_part_seen_twice_is_one(monkeypatch):
    pretend(monkeypatch, *[EntryPoint("x", "fractions:Fraction", "ganaug.metrics")] * 2)
    assert registry.lookup("metrics", "x")(3) == 3


def test_nothing_is_imported_before_it_is_asked_for(monkeypatch):
    pretend(monkeypatch, EntryPoint("broken", "no_such_module:thing", "ganaug.metrics"))
    assert registry.names("metrics") == ["broken"]
    with pytest.raises(PluginNotFoundError, match="metric 'broken' does not load .ModuleNotFoundError: No module"):
        registry.lookup("metrics", "broken")

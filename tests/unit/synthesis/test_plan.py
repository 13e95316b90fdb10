import pytest
from hypothesis import example, given, strategies as st

from ganaug.core.errors import ConfigError
from ganaug.synthesis.plan import ClassPlan, Plan, folder_names, parse_shard


def plan(n=250, n_real=30, **settings):
    classes = tuple(ClassPlan(label=name, folder=name, index=i, n=n, n_real=n_real) for i, name in enumerate("ab"))
    return Plan(
        **{"output": "csv", "classes": classes, "target": "y", "seed": 1, "shard_size": 100, "versions": {}} | settings
    )


class TestShards:
    def test_cover_every_sample_once(self):
        for n in (1, 99, 100, 101, 250):
            made = [shard for shard in plan(n).shards() if not shard.real and shard.class_plan.label == "a"]
            assert [i for shard in made for i in range(shard.start, shard.start + shard.n)] == list(range(n))
            assert [shard.number for shard in made] == list(range(len(made)))

    @pytest.mark.parametrize("machines", [1, 2, 3, 7])
    def test_machines_share_them_without_overlap(self, machines):
        parts = [list(plan(shard=(k, machines)).shards()) for k in range(machines)]
        assert sorted(shard.key for part in parts for shard in part) == [shard.key for shard in plan().shards()]
        assert all(shard.number % machines == k for k, part in enumerate(parts) for shard in part)
        assert sum(plan(shard=(k, machines)).n for k in range(machines)) == plan().n == 560

    def test_processes_share_them_without_overlap(self):
        found = [shard.key for rank in range(3) for shard in plan().share(rank, 3)]
        assert sorted(found) == [shard.key for shard in plan().shards()]

    def test_every_shard_has_randomness_of_its_own_that_repeats(self):
        made = [shard for shard in plan().shards() if not shard.real]
        draws = [shard.rng(1).integers(2**60) for shard in made]
        assert len(set(draws)) == len(draws)
        assert draws == [shard.rng(1).integers(2**60) for shard in made]
        assert draws[0] != made[0].rng(2).integers(2**60)


def test_differences_are_for_people():
    assert plan().differences(plan(seed=2)) == ["seed is 1, not 2"]
    assert plan(5, 0).differences(plan(6, 0)) == ["classes is 5 of 'a', 5 of 'b', not 6 of 'a', 6 of 'b'"]
    assert plan().differences(plan(seed=2), ignore=["seed"]) == []


@pytest.mark.parametrize("label", ["3", 3, 2.5, True, "", "\x00", "🙂", -1])
def test_labels_survive_json(label):
    kept = ClassPlan.model_validate_json(ClassPlan(label=label, folder="x", index=0, n=1).model_dump_json()).label
    assert (type(kept), kept) == (type(label), label)


@pytest.mark.parametrize(("text", "expected"), [("0/1", (0, 1)), ("3/4", (3, 4)), (" 10/12 ", (10, 12))])
def test_shard_of_the_command_line(text, expected):
    assert parse_shard(text) == expected


@pytest.mark.parametrize("text", ["", "1", "4/4", "-1/4", "0/0", "a/b", "1/2/3", "1.0/2"])
def test_shard_that_is_none(text):
    with pytest.raises(ConfigError, match="expected k/K"):
        parse_shard(text)


class TestFolderNames:
    @given(st.lists(st.text(max_size=12) | st.integers(0, 9), min_size=1, max_size=4, unique_by=repr))
    @example(["..", "%2E%2E"])
    @example([".", "%2E"])
    @example(["CON", "%43ON"])
    @example(["a/b", "a%2Fb"])
    @example(["café", "cafe\u0301"])
    @example(["Cat", "cat"])
    @example(["", "\x00"])
    @example([1, "1"])
    @example(["cat", "Cat", "Cat~900b391b0978"])
    def test_any_labels_are_as_many_plain_folders(self, tmp_path_factory, labels):
        target = tmp_path_factory.mktemp("names")
        names = folder_names(labels)
        assert list(names) == labels
        for name in names.values():
            assert name == name.rstrip(". ")
            assert not set('/\\:*?"<>|') & set(name)
            (target / name).mkdir()
        assert sorted(path.name for path in target.iterdir()) == sorted(names.values())
        assert len({name.casefold() for name in names.values()}) == len(labels)

    @pytest.mark.parametrize("label", ["cat", "3", "teardrop cell", "Ünïcode 猫", "a.b", "-1"])
    def test_plain_names_stay(self, label):
        assert folder_names([label]) == {label: label}

    @pytest.mark.parametrize("label", [3, -1, 2.5, True])
    def test_labels_that_are_not_text(self, label):
        assert folder_names([label]) == {label: str(label)}

    @pytest.mark.parametrize("reserved", ["CON", "nul", "com1", "aux.txt", "manifest.json", "Preview.PNG"])
    def test_reserved_names(self, reserved):
        assert folder_names([reserved])[reserved].startswith("%")

    def test_long_names_are_cut_and_stay_apart(self):
        names = folder_names(["x" * 300, "x" * 301, "🙂" * 80, "\ud800"])
        assert len(set(names.values())) == 4
        assert all(len(name.encode()) <= 100 for name in names.values())

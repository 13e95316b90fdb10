from ganaug.core import memory


def test_free_memory_is_what_container_and_machine_leave(tmp_path, monkeypatch):
    for name, text in (("max", "3000"), ("current", "1000")):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(memory, "_LIMITS", ((str(tmp_path / "max"), str(tmp_path / "current")),))
    assert memory.free_memory() == 2000
    (tmp_path / "max").write_text("max")
    free = memory.free_memory()
    assert free is None or free > 10**7

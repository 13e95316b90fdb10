import json
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torchvision")

import ganaug
from ganaug import ConfigError, OutputError, Pool, PoolError, SchemaError
from ganaug.loops import pool as pool_module

MB = 10**6


def private_memory():
    lines = [line.split() for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]]
    sizes = {words[0]: int(words[1]) * 1024 for words in lines}
    return sizes["Private_Clean:"] + sizes["Private_Dirty:"], sizes["Rss:"]


def read_all_over(pool, answer):
    rng = np.random.default_rng(0)
    pool.pick([0], [0.0])
    before = private_memory()
    for _ in range(200):
        pool.pick([0] * 100, rng.random(100).tolist())
    answer.put([now - then for now, then in zip(private_memory(), before, strict=True)])


class TestFile:
    def test_samples_of_the_class_asked_for(self, pool, told):
        made = pool.pick([2, 0, 1, 2], [0.0, 0.5, 0.999999, np.nextafter(1, 0)])
        assert made.shape == (4, 3, 8, 8)
        assert made.dtype == np.uint8
        assert [told(sample.mean()) for sample in made] == [(2, 0), (0, 2), (1, 6), (2, 8)]

    def test_says_what_it_is(self, pool):
        assert (len(pool), pool.shape, pool.seed, pool.whole) == (21, (3, 8, 8), 3, True)
        assert pool.counts == {0: 5, 1: 7, 2: 9}
        assert "pool of 21 images of 8 × 8 × 3" in pool.lines()[0]
        with pytest.raises(AttributeError, match="no 'weight'"):
            pool.weight  # noqa: B018

    def test_other_readers_of_safetensors_read_it(self, pool):
        from safetensors.numpy import load_file

        assert load_file(pool.path)["samples"].shape == (21, 3, 8, 8)

    def test_is_small_when_pickled_and_reads_on(self, pool):
        content = pickle.dumps(pool)
        assert len(content) < 1000
        assert np.array_equal(pickle.loads(content).pick([1], [0.3]), pool.pick([1], [0.3]))

    def test_without_pread(self, pool, monkeypatch):
        expected = pool.pick([2, 1], [0.1, 0.7])
        monkeypatch.delattr(os, "preadv")
        monkeypatch.delattr(os, "pread")
        assert np.array_equal(Pool(pool.path).pick([2, 1], [0.1, 0.7]), expected)

    @pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux only")
    def test_reading_all_of_it_takes_no_memory(self, tmp_path):
        said = {"shape": [3, 32, 32], "scale": [0, 255], "whole": True, "dtype": "|u1", "seed": 0}
        noise = np.zeros((1000, 3, 32, 32), np.uint8)
        classes = pool_module.Classes(np.array([0]), [20_000])
        big = pool_module.write(
            tmp_path / "big", classes, [noise] * 20, {**said, "checkpoint_sha256": None}, overwrite=False
        )
        context = multiprocessing.get_context("fork")
        answer = context.SimpleQueue()
        worker = context.Process(target=read_all_over, args=(big, answer))
        worker.start()
        private, resident = answer.get()
        worker.join()
        assert big.path.stat().st_size > 60 * MB
        assert private < 4 * MB
        assert resident < 8 * MB

    def test_many_threads(self, pool, told):
        wrong = []

        def read():
            for _ in range(200):
                wrong.extend(c for c in range(3) if told(pool.pick([c], [0.5]).mean())[0] != c)

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong


class TestFaults:
    @pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.5, 0.99, 0.9999])
    def test_truncated(self, pool, tmp_path, share):
        raw = pool.path.read_bytes()
        (tmp_path / "cut").write_bytes(raw[: int(len(raw) * share)])
        with pytest.raises(PoolError):
            Pool(tmp_path / "cut")

    def test_longer_than_it_says(self, pool, tmp_path):
        (tmp_path / "long").write_bytes(pool.path.read_bytes() + b"!")
        with pytest.raises(PoolError, match="truncated"):
            Pool(tmp_path / "long")

    def test_flipped_bit(self, pool, tmp_path):
        raw = bytearray(pool.path.read_bytes())
        raw[-100] ^= 1
        (tmp_path / "bad").write_bytes(raw)
        with pytest.raises(PoolError, match="samples do not match"):
            Pool(tmp_path / "bad").verify()
        raw = bytearray(pool.path.read_bytes().replace(b'\\"seed\\":3', b'\\"seed\\":4'))
        (tmp_path / "bad").write_bytes(raw)
        with pytest.raises(PoolError, match="header does not match"):
            Pool(tmp_path / "bad")
        pool.verify()

    @pytest.mark.parametrize("content", [b"", b"\x80\x04pickle", b"x" * 500, b"\xff" * 500])
    def test_not_a_pool(self, tmp_path, content):
        (tmp_path / "no").write_bytes(content)
        with pytest.raises(PoolError, match="no pool"):
            Pool(tmp_path / "no")

    def test_checkpoint_is_no_pool_and_the_other_way_round(self, gan, pool, tmp_path):
        gan.save(tmp_path / "gan")
        with pytest.raises(PoolError, match="no pool"):
            Pool(tmp_path / "gan")
        with pytest.raises(ganaug.CheckpointError):
            ganaug.load(pool.path)

    def test_missing(self, tmp_path):
        with pytest.raises(PoolError, match="No such file"):
            Pool(tmp_path / "nothing")

    def test_newer_format(self, make_pool, tmp_path, monkeypatch):
        monkeypatch.setattr(pool_module, "FORMAT", 2)
        make_pool(tmp_path / "new")
        monkeypatch.undo()
        with pytest.raises(PoolError, match="upgrade"):
            Pool(tmp_path / "new")

    @pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, OSError(28, "No space left on device")])
    def test_interrupted_write_leaves_nothing(self, gan, tmp_path, monkeypatch, error):
        def sample_iter(self, n, **named):
            yield gan.sample(1, label=0)
            raise error

        monkeypatch.setattr(type(gan), "sample_iter", sample_iter)
        with pytest.raises((KeyboardInterrupt, RuntimeError, OutputError)):
            ganaug.make_pool(gan, 100, tmp_path / "half")
        assert list(tmp_path.iterdir()) == []

    def test_too_few_samples_are_refused(self, tmp_path):
        said = {"shape": [1, 8, 8], "scale": [0, 255], "whole": True, "dtype": "|u1", "seed": 0}
        with pytest.raises(PoolError, match="expected 5 samples"):
            pool_module.write(tmp_path / "few", pool_module.Classes(np.array([0]), [5]), [], said, overwrite=False)
        assert list(tmp_path.iterdir()) == []

    def test_nothing_is_replaced_unasked(self, gan, tmp_path):
        (tmp_path / "mine").write_text("mine")
        with pytest.raises(OutputError, match="exists already"):
            ganaug.make_pool(gan, 2, tmp_path / "mine")
        assert (tmp_path / "mine").read_text() == "mine"

    def test_killed_while_writing(self, gan, tmp_path):
        gan.save(tmp_path / "gan")
        code = (
            "import os, sys, ganaug\n"
            "gan = ganaug.load('gan'); made = gan.sample(1, label=0)\n"
            "def killed(self, n, **named):\n    yield made\n    os._exit(9)\n"
            "type(gan).sample_iter = killed\n"
            "ganaug.make_pool(gan, 100, 'half')"
        )
        assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path).returncode == 9
        assert not (tmp_path / "half").exists()


class TestMadeByAModel:
    def test_are_the_model_s_samples(self, gan, tmp_path):
        pool = ganaug.make_pool(gan, {1: 30}, tmp_path / "p", random_state=4)
        rng = np.random.default_rng(np.random.SeedSequence(4, spawn_key=(1, 0)))
        assert np.array_equal(next(pool.chunks(1))[:, 0], gan.sample(30, label=1, random_state=rng))
        pool.verify()

    def test_same_seed_same_bytes(self, gan, tmp_path):
        digests = [
            ganaug.make_pool(gan, 10, tmp_path / f"{i}", random_state=seed).sha256 for i, seed in enumerate((5, 5, 6))
        ]
        assert digests[0] == digests[1] != digests[2]
        assert (tmp_path / "0").read_bytes() == (tmp_path / "1").read_bytes()

    def test_a_class_does_not_depend_on_the_others(self, gan, tmp_path):
        both, one = (
            ganaug.make_pool(gan, 10, tmp_path / "a", random_state=0),
            ganaug.make_pool(gan, {1: 10}, tmp_path / "b", random_state=0),
        )
        assert np.array_equal(next(both.chunks(1)), next(one.chunks(1)))

    def test_knows_its_checkpoint(self, gan, tmp_path):
        digest = gan.save(tmp_path / "gan")
        assert ganaug.make_pool(ganaug.load(tmp_path / "gan"), 1, tmp_path / "p").checkpoint_sha256 == digest

    def test_floats_keep_their_scale(self, tmp_path):
        X = np.random.default_rng(0).integers(0, 17, (20, 8, 8)).astype(float)
        pool = ganaug.make_pool(ganaug.train(X, np.arange(20) % 2, max_steps=2), 5, tmp_path / "p")
        assert (pool.scale, pool.whole, pool.dtype.kind) == ((0, 16), True, "f")

    @pytest.mark.parametrize("n", [0, -1, True, 1.5, {}, {0: 0}])
    def test_numbers_that_make_no_sense(self, gan, tmp_path, n):
        with pytest.raises(ConfigError, match="positive integer"):
            ganaug.make_pool(gan, n, tmp_path / "p")

    def test_unknown_class(self, gan, tmp_path):
        with pytest.raises(SchemaError, match="no class 7"):
            ganaug.make_pool(gan, {7: 1}, tmp_path / "p")

    def test_rows_are_refused(self, tmp_path):
        rows = ganaug.train(np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2, max_steps=2)
        with pytest.raises(SchemaError, match="images are needed"):
            ganaug.make_pool(rows, 5, tmp_path / "p")


class TestReplaced:
    def test_next_read_is_from_the_new_one(self, make_pool, tmp_path, told):
        pool = make_pool(tmp_path / "p")
        assert told(pool.pick([1], [0.999])[0].mean()) == (1, 6)
        make_pool(tmp_path / "p", counts=(5, 3, 9), overwrite=True)
        assert told(pool.pick([1], [0.999])[0].mean()) == (1, 2)

    def test_reading_goes_on_when_it_is_gone(self, make_pool, tmp_path, told):
        pool = make_pool(tmp_path / "p")
        pool.path.unlink()
        assert told(pool.pick([1], [0.0])[0].mean()) == (1, 0)

    def test_other_classes_are_refused(self, make_pool, tmp_path):
        pool = make_pool(tmp_path / "p")
        make_pool(tmp_path / "p", labels=(0, 1, 3), overwrite=True)
        with pytest.raises(PoolError, match="other classes"):
            pool.pick([0], [0.0])

    def test_a_reader_never_sees_half(self, make_pool, tmp_path):
        pool, seen = make_pool(tmp_path / "p"), set()
        stop = threading.Event()

        def read():
            while not stop.is_set():
                seen.update(np.unique(pool.pick([0, 0], [0.0, 0.0])).tolist())

        thread = threading.Thread(target=read)
        thread.start()
        for first in (21, 22, 23) * 5:
            make_pool(tmp_path / "p", first=first, overwrite=True)
        stop.set()
        thread.join()
        assert seen <= {20, 21, 22, 23}


def test_header_is_plain_json(pool):
    raw = pool.path.read_bytes()
    table = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    assert json.loads(table["__metadata__"]["ganaug-pool"]) == pool.header


def test_nothing_is_printed_at_exit_while_pools_are_alive(pool):
    """Whatever still holds one when the interpreter takes its modules apart."""
    program = f"""
import builtins, sys
from ganaug.loops import pool
alive = pool.Pool({str(pool.path)!r})
alive.pick([0], [0.5])
class Cycle: pass
cycle = Cycle()
cycle.itself, cycle.pool = cycle, alive
builtins.kept = sys.modules["kept"] = pool.kept = pool.os.kept = alive
def waiting():
    held = pool.Pool({str(pool.path)!r})
    while True:
        yield held
builtins.generator = waiting()
next(builtins.generator)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

"""The inputs of `hostile.py`: families of files, folders, frames and command lines that have broken other programs.

A family takes a random generator and the folder of two small models, writes into the current folder, and returns a
`Case`.
"""

import contextlib
import datetime
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from PIL import Image

import ganaug
from ganaug.cli.app import run

STEPS = ["--max-steps", "2", "-q"]


class Case(NamedTuple):
    """What is tried, and how large its input is when it is unpacked."""

    name: str
    act: Callable[[], Any]
    size: int = 0


def text_table(rng: np.random.Generator, models: Path) -> Case:
    """Return a text table that is odd in one way, and what is done with it."""
    n = 60
    rows = [[f"{x:.3f}", str(k), "ab"[k % 2]] for x, k in zip(rng.normal(size=n), rng.integers(0, 50, n), strict=True)]
    plain = lambda rows: "\n".join(",".join(row) for row in [["x", "k", "label"], *rows]) + "\n"  # noqa: E731
    long = "9" * int(rng.integers(300, 5000))
    kinds: dict[str, Callable[[], str | bytes]] = {
        "plain": lambda: plain(rows),
        "no header": lambda: plain(rows).split("\n", 1)[1],
        "leading zeros": lambda: plain([[row[0], row[1].zfill(5), row[2]] for row in rows]),
        "dates": lambda: plain([[row[0], f"2024-01-{i % 28 + 1:02d}", row[2]] for i, row in enumerate(rows)]),
        "impossible dates": lambda: plain(
            [[row[0], f"2024-02-{i % 31 + 1:02d}", row[2]] for i, row in enumerate(rows)]
        ),
        "commas": lambda: "," * int(rng.integers(10**5, 2 * 10**6)) + "\n" + plain(rows),
        "commas below": lambda: plain(rows) + "," * int(rng.integers(10**5, 2 * 10**6)) + "\n",
        "digits": lambda: plain([[f"{i}{long}", row[1], row[2]] for i, row in enumerate(rows)]),
        "digits and a point": lambda: plain([[f"{i}{long}.5", row[1], row[2]] for i, row in enumerate(rows)]),
        "infinity": lambda: plain([["inf", *row[1:]] for row in rows]),
        "one class of one": lambda: plain([*[[*row[:2], "a"] for row in rows], ["1", "2", "b"]]),
        "ragged": lambda: plain([row[: int(rng.integers(1, 4))] for row in rows]),
        "open quote": lambda: plain(rows).replace("a\n", '"a\n', 1),
        "header alone": lambda: "x,k,label\n",
        "nothing": lambda: "",
        "NUL": lambda: plain(rows).replace("a", "\0"),
        "bytes": lambda: rng.bytes(int(rng.integers(1, 10_000))),
        "one name twice": lambda: plain(rows).replace("x,k", "x,x", 1),
        "no names": lambda: plain(rows).replace("x,k,label", ",,", 1),
        "old Mac": lambda: plain(rows).replace("\n", "\r"),
        "UTF-16": lambda: plain(rows).encode("utf-16"),
        "half a UTF-16": lambda: plain(rows).encode("utf-16")[: 2 * n + 1],
        "latin-1": lambda: plain(rows).replace("b\n", "é\n").encode("latin-1"),
        "German": lambda: plain(rows).replace(",", ";").replace(".", ","),
        "a cell of a megabyte": lambda: plain([*rows, ["1", "2", "a" * 2**20]]),
        "5,000 columns": lambda: "\n".join(
            ",".join(map(str, row)) for row in [[f"c{i}" for i in range(5000)], *rng.integers(0, 9, (30, 5000))]
        ),
        "all missing": lambda: plain([["", "", row[2]] for row in rows]),
        "all constant": lambda: plain([["1", "2", row[2]] for row in rows]),
        "labels missing": lambda: plain([[*row[:2], ""] for row in rows]),
        "labels measured": lambda: plain([[row[1], row[2], row[0]] for row in rows]),
        "gzip": lambda: b"\x1f\x8b" + rng.bytes(100),
        "formulas": lambda: plain([["=cmd()", *row[1:]] for row in rows]),
        "escapes": lambda: plain([["\x1b[31m", *row[1:]] for row in rows]),
        "lone surrogates": lambda: plain([["\udce9", *row[1:]] for row in rows]).encode("utf-8", "surrogatepass"),
        "sep=": lambda: "sep=;\n" + plain(rows),
    }
    kind = str(rng.choice(list(kinds)))
    content = kinds[kind]()
    content = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    suffix = str(rng.choice([".csv", ".csv", ".tsv"]))
    Path("d" + suffix).write_bytes(content)
    options = ["--no-header"] if rng.random() < 0.2 else []
    command = ["train", "d" + suffix, "-o", "m", *STEPS, *options]
    if rng.random() < 0.4:
        command = ["synth", "--data", "d" + suffix, "-n", "3", "-o", str(rng.choice(["o", "o.csv"])), *STEPS, *options]
    elif rng.random() < 0.3:
        command.append("--stream")
    return Case(f"text: {kind}", lambda: run(command), len(content))


def archive(rng: np.random.Generator, models: Path) -> Case:
    """Return an .npz that lies, is cut, or asks for much."""
    n = 24
    images = rng.integers(0, 256, (n, 8, 8), dtype=np.uint8)
    labels: Any = np.arange(n) % 2
    shape, descr, n_bytes = (n, 8, 8), "|u1", None
    kind = str(
        rng.choice(
            "plain lengths shape negative objects structured cut bits labels two-dimensional floats zip-in-zip names "
            "huge dates complex nan".split()
        )
    )
    if kind == "lengths":
        shape, n_bytes = (int(rng.integers(10**8, 2 * 10**9)) // 64, 8, 8), 2**24
    elif kind == "shape":
        shape = (n, 10 ** int(rng.integers(4, 15)), 8)
    elif kind == "negative":
        shape = (n, -8, 8)
    elif kind == "huge":
        shape, n_bytes = (n, 4096, 4096), n * 4096 * 4096
    elif kind == "labels":
        labels = rng.normal(size=n)
    elif kind == "dates":
        labels = np.datetime64("2024-01-01") + labels
    elif kind == "complex":
        labels = labels * 1j
    elif kind == "nan":
        labels = np.where(labels, np.nan, 1.0)
    elif kind == "two-dimensional":
        labels = np.eye(2)[labels]
    elif kind == "structured":
        descr = str([("a", "|u1"), ("b", "<f8")])
    content = images.tobytes()
    with zipfile.ZipFile("d.npz", "w", zipfile.ZIP_DEFLATED) as file:
        with file.open("images.npy", "w", force_zip64=True) as member:
            header = {"descr": "|O" if kind == "objects" else descr, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(member, header)
            for start in range(0, n_bytes or len(content), 2**24):
                member.write(content if n_bytes is None else bytes(min(2**24, n_bytes - start)))
        with file.open("labels.npy", "w") as member:
            np.lib.format.write_array(member, np.asarray(labels))
    raw = bytearray(Path("d.npz").read_bytes())
    if kind == "cut":
        raw = raw[: int(len(raw) * rng.random())]
    if kind == "bits":
        for place in rng.integers(0, len(raw), 20):
            raw[place] ^= 1 << int(rng.integers(8))
    if kind == "zip-in-zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as outer:
            outer.writestr("images.npy", bytes(raw))
        raw = bytearray(buffer.getvalue())
    if kind in ("cut", "bits", "zip-in-zip"):
        Path("d.npz").write_bytes(raw)
    size = int(np.prod(shape, dtype=float)) if kind == "huge" else len(content)
    return Case(f"npz: {kind}", lambda: run(["train", "d.npz", "-o", "m", *STEPS, "--set", "width=4"]), size)


def pictures(rng: np.random.Generator, models: Path) -> Case:
    """Return a folder of pictures, one of which is odd."""
    for k in range(12):
        file = Path("images") / "ab"[k % 2] / f"{k}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (16, 16), dtype=np.uint8)).save(file)
    odd, size = Path("images/a/odd.png"), 0
    kind = str(
        rng.choice(
            "large large wide bomb cut bits empty text pipe loop long-name suffix 16-bit palette animated float tiny "
            "unicode class-of-none header".split()
        )
    )
    if kind in ("large", "wide"):
        width, height = (9_900, 9_900) if kind == "large" else (100_000, 900)
        mode = str(rng.choice(["1", "L", "P", "RGB", "RGBA", "I;16"]))
        size = width * height * {"RGB": 3, "RGBA": 4, "I;16": 2}.get(mode, 1)
        Image.new(mode, (width, height)).save(odd, compress_level=1)
    elif kind in ("bomb", "header"):
        side = 60_000 if kind == "bomb" else 9_900
        header = _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        odd.write_bytes(b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(b"0")) + _chunk(b"IEND", b""))
        size = 3 * 9_900**2
    elif kind in ("cut", "bits"):
        raw = bytearray(Path("images/a/0.png").read_bytes())
        if kind == "bits":
            raw[int(rng.integers(len(raw)))] ^= 1 << int(rng.integers(8))
        odd.write_bytes(raw[: int(len(raw) * (rng.random() if kind == "cut" else 1))])
    elif kind == "pipe":
        os.mkfifo(odd)
    elif kind == "loop":
        os.symlink("..", "images/a/loop")
    elif kind == "long-name":
        Image.new("L", (16, 16)).save(odd.with_name("n" * 250 + ".png"))
    elif kind == "class-of-none":
        Path("images/c").mkdir()
    elif kind == "unicode":
        Path("images/a").rename("images/caf\udce9" if rng.random() < 0.5 else "images/\u202e日本 é")
    elif kind == "16-bit":
        Image.fromarray(rng.integers(0, 65536, (16, 16), dtype=np.uint16)).save(odd)
    elif kind == "palette":
        Image.new("P", (16, 16)).save(odd)
    elif kind == "animated":
        Image.new("L", (16, 16)).save(
            odd.with_suffix(".gif"), save_all=True, append_images=[Image.new("L", (16, 16), 9)]
        )
    elif kind == "float":
        Image.fromarray(rng.normal(size=(16, 16)).astype(np.float32)).save(odd.with_suffix(".tif"))
    elif kind == "tiny":
        Image.new("L", (1, 1)).save(odd)
    else:
        odd.write_bytes({"empty": b"", "suffix": b"GIF89a", "text": b"no picture"}[kind])
    sized = ["--image-size", "16"] if rng.random() < 0.7 else []
    command = ["train", "images", "-o", "m", *STEPS, "--set", "width=4", *sized, *["--strict"] * (rng.random() < 0.2)]
    return Case(f"pictures: {kind}", lambda: run(command), size)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def damaged(rng: np.random.Generator, models: Path) -> Case:
    """Return a checkpoint, a pool or an output that was damaged, and a command that reads it."""
    kind = str(rng.choice(["rows.safetensors", "images.safetensors", "images.pool", "out"]))
    if kind == "out":
        ganaug.synthesize(ganaug.load(models / "rows.safetensors"), 3, "out")
        manifest = Path("out/manifest.json")
        claim = str(rng.choice(['"n":1000000000000', '"n":-1', '"n":1e400', '"n":null', '"n":"3"']))
        manifest.write_text(manifest.read_text().replace('"n":3', claim).replace('"n": 3', claim))
        command = [str(rng.choice(["verify", "merge"])), "out"]
        return Case("manifest that lies", lambda: run([*command, *["-o", "all"] * (command[0] == "merge")]))
    raw = bytearray((models / kind).read_bytes())
    how = str(rng.choice(["bit", "cut", "zeros", "header"]))
    if how == "bit":
        raw[int(rng.integers(len(raw)))] ^= 1 << int(rng.integers(8))
    elif how == "cut":
        raw = raw[: int(len(raw) * rng.random())]
    elif how == "zeros":
        start = int(rng.integers(len(raw)))
        raw[start : start + 1000] = bytes(len(raw[start : start + 1000]))
    else:
        raw[:8] = struct.pack("<Q", int(rng.integers(2**62)))
    Path("m").write_bytes(raw)
    command = [["info", "m"], ["synth", "m", "-n", "3", "-o", "o"], ["pool", "m", "-n", "3", "-o", "p"]][
        int(rng.integers(3))
    ]
    return Case(f"{kind}: {how}", lambda: run(command), len(raw))


def frames(rng: np.random.Generator, models: Path) -> Case:
    """Return a frame with odd columns for the over-sampler."""
    n = 60
    days = [datetime.date(2024, 1, 1) + datetime.timedelta(int(k)) for k in rng.integers(0, 300, n)]
    makers: dict[str, Callable[[], Any]] = {
        "interval": lambda: pd.cut(pd.Series(rng.normal(size=n)), 4),
        "period": lambda: pd.Series(pd.PeriodIndex(days, freq="M")),
        "date": lambda: pd.Series(days, dtype=object),
        "ISO text": lambda: pd.Series([day.isoformat() for day in days]),
        "ISO text and a gap": lambda: pd.Series([None, *[day.isoformat() for day in days[1:]]]),
        "time": lambda: pd.Series([datetime.time(k % 24) for k in range(n)]),
        "decimal": lambda: pd.Series([Decimal(k) / 8 for k in range(n)]),
        "400 digits": lambda: pd.Series([10**400 + k for k in range(n)], dtype=object),
        "list": lambda: pd.Series([[k] for k in range(n)]),
        "dict": lambda: pd.Series([{"k": k} for k in range(n)]),
        "bytes": lambda: pd.Series([b"a", b"b"] * (n // 2)),
        "complex": lambda: pd.Series(rng.normal(size=n) * 1j),
        "infinity": lambda: pd.Series([np.inf, *rng.normal(size=n - 1)]),
        "nothing": lambda: pd.Series([None] * n),
        "constant": lambda: pd.Series(["x"] * n),
        "huge": lambda: pd.Series(rng.normal(size=n) * 1e300),
        "tiny": lambda: pd.Series(rng.normal(size=n) * 1e-310),
        "nullable": lambda: pd.Series([pd.NA, *range(n - 1)], dtype="Int64"),
        "zoned": lambda: pd.Series(pd.to_datetime(days)).dt.tz_localize("Europe/Berlin"),
        "far": lambda: pd.Series(["9999-12-31", "0001-01-01"] * (n // 2)),
        "sparse": lambda: pd.Series(pd.arrays.SparseArray([0, 0, 1] * (n // 3))),
        "mixed": lambda: pd.Series([1, "a", 2.5] * (n // 3), dtype=object),
        "set": lambda: pd.Series([frozenset([k]) for k in range(n)]),
        "function": lambda: pd.Series([len, max] * (n // 2)),
    }
    with contextlib.suppress(ImportError):
        import pyarrow as pa

        makers["arrow list"] = lambda: pd.Series([[1]] * n, dtype=pd.ArrowDtype(pa.list_(pa.int64())))
        makers["arrow decimal"] = lambda: pd.Series(
            [Decimal(k) for k in range(n)], dtype=pd.ArrowDtype(pa.decimal128(9, 2))
        )
        makers["arrow date"] = lambda: pd.Series(days, dtype=pd.ArrowDtype(pa.date32()))
        makers["arrow duration"] = lambda: pd.Series(
            pd.to_timedelta(range(n), unit="s"), dtype=pd.ArrowDtype(pa.duration("s"))
        )
        makers["arrow dictionary"] = lambda: pd.Series(
            ["a", "b"] * (n // 2), dtype=pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))
        )
    chosen = rng.choice(list(makers), int(rng.integers(1, 4)), replace=False).tolist()
    frame = pd.DataFrame({name: makers[name]() for name in chosen})
    if rng.random() < 0.7:
        frame["plain"] = rng.normal(size=n)
    y: Any = np.repeat([0, 1], [45, 15])
    if rng.random() < 0.2:
        y = pd.Series(pd.to_datetime(np.where(y, "2020-01-01", "2021-01-01")))
    before = frame.copy(deep=True)

    def act() -> None:
        X, labels = ganaug.GANOverSampler(max_steps=2, random_state=0).fit_resample(frame, y)
        assert len(X) == len(labels) == 90 and (X.dtypes == frame.dtypes).all()
        pd.testing.assert_frame_equal(X.iloc[:n], before)

    return Case(f"frame: {', '.join(chosen)}", act)


def command_lines(rng: np.random.Generator, models: Path) -> Case:
    """Return options that make little sense, or an output that must not be lost."""
    rows = str(models / "rows.safetensors")
    Path("mine").mkdir()
    Path("mine/thesis.txt").write_text("irreplaceable")
    Path("d.csv").write_text("x,k,label\n" + "".join(f"{i}.5,{i % 7},{'ab'[i % 2]}\n" for i in range(40)))
    long = "n" * int(rng.integers(230, 400))
    lines = [
        ["synth", rows, "-n", "3", "-o", "mine", "--overwrite"],
        ["synth", rows, "-n", "3", "-o", "mine", "--overwrite", "--resume"],
        ["synth", rows, "-n", "3", "-o", "mine/thesis.txt", "--overwrite"],
        ["synth", rows, "-n", "3", "-o", "d.csv"],
        ["synth", rows, "-n", "3", "-o", "/proc/o"],
        ["synth", rows, "-n", "3", "-o", "/dev/null/o"],
        ["synth", rows, "-n", "3", "-o", long],
        ["synth", rows, "-n", "3", "-o", long + ".csv"],
        ["synth", rows, "-n", "0"],
        ["synth", rows, "-n", "-5"],
        ["synth", rows, "-n", "9" * 400],
        ["synth", rows, "-n", "3", "--seed", "9" * 40],
        ["synth", rows, "-n", "3", "--class", "\x1b[31m"],
        ["synth", rows, "-n", "3", "--class-index", "99"],
        ["synth", rows, "-n", "3", "--shard", str(rng.choice(["1/0", "3/2", "x", "-1/2", "0/99999999999"]))],
        ["synth", rows, "-n", "3", "--sep", str(rng.choice(["::", "", "a", "."])), "-o", "o.csv"],
        ["synth", rows, "-n", "3", "--decimal", ",", "-o", str(rng.choice(["o.csv", "o.npz"]))],
        ["synth", rows, "-n", "3", "--truncation", str(rng.choice(["0", "-1", "nan", "inf", "1e-300"]))],
        ["synth", "d.csv"],
        ["synth", "mine"],
        ["synth", "/dev/zero"],
        ["train", "d.csv", "-o", "mine", *STEPS],
        ["train", "d.csv", "-o", "d.csv", *STEPS],
        ["train", "d.csv", "-o", "m", "--epochs", "3"],
        ["train", "d.csv", "-o", "m", "--target", "x" * 1000],
        ["train", "d.csv", "-o", "m", "--encoding", str(rng.choice(["utf-7", "base64", "rot13", "x"])), *STEPS],
        [
            "train",
            "d.csv",
            "-o",
            "m",
            *STEPS,
            "--set",
            str(rng.choice(["width=0", "width=-1", "width=1e9", "depth=x", "=", "a"])),
        ],
        ["train", "d.csv", "-o", "m", *STEPS, "--learning-rate", str(rng.choice(["nan", "inf", "1e300"]))],
        ["train", "/dev/zero", "-o", "m"],
        ["train", "mine", "-o", "m"],
        ["pool", rows, "-o", "p"],
        ["info", "mine/thesis.txt"],
        ["verify", "mine"],
        ["merge", "mine", "-o", "all"],
        ["merge", "mine", "mine", "-o", "mine"],
        ["evaluate", rows, "mine/thesis.txt"],
        ["help", "nonsense"],
        ["help"],
    ]
    line = lines[int(rng.integers(len(lines)))]
    return Case(f"command: {' '.join(line)[:60]}", lambda: run(line))


def loops(rng: np.random.Generator, models: Path) -> Case:
    """Return a batch or a data set that is odd in one way."""
    pool = models / "images.pool"
    batch, labels = torch.rand(6, 1, 8, 8), torch.arange(6) % 2
    inputs: dict[str, Callable[[], Any]] = {
        "soft labels": lambda: (batch, torch.rand(6, 5000)),
        "a list of soft labels": lambda: (batch, [torch.rand(5000)] * 6),
        "index": lambda: (batch, labels, torch.arange(6)),
        "no labels": lambda: (batch,),
        "another size": lambda: (torch.rand(6, 1, 9, 9), labels),
        "another count": lambda: (batch, labels[:3]),
        "another range": lambda: (batch * 70_000, labels),
        "unknown labels": lambda: (batch, labels + 10),
        "names": lambda: (batch, ["a"] * 6),
        "nothing": lambda: ([], []),
        "NaN": lambda: (batch * np.nan, labels),
        "complex": lambda: (batch.to(torch.complex64), labels),
        "dict": lambda: ({"image": batch, "labels": labels},),
        "two images": lambda: (batch, batch, labels),
    }
    if rng.random() < 0.5:
        name = str(rng.choice(list(inputs)))
        return Case(f"batch: {name}", lambda: ganaug.GANReplace(pool, p=1.0)(*inputs[name]()))
    item = Image.fromarray(np.zeros((8, 8), np.uint8))
    sets: dict[str, list[Any]] = {
        "soft": [(item, [0.001] * 1000)] * 6,
        "one class": [(item, 0)] * 6,
        "missing": [(item, None)] * 6,
        "triples": [(item, 0, 1)] * 6,
        "sizes": [(item.resize((8 + k, 8)), k % 2) for k in range(6)],
        "nothing": [],
        "floats": [(item, 0.5)] * 6,
        "arrays": [(np.zeros((8, 8), np.uint16) + 60_000, k % 2) for k in range(6)],
        "good": [(item, k % 3 == 0) for k in range(6)],
    }
    name = str(rng.choice(list(sets)))
    return Case(f"data set: {name}", lambda: [*map(ganaug.SyntheticMix(sets[name], pool).__getitem__, range(6))])


FAMILIES = [text_table, text_table, archive, pictures, damaged, frames, frames, command_lines, loops]

"""Hundreds of hostile inputs, each in a process of its own: the answer is one line, and memory is bounded.

A case is a file, a folder, a frame or a command line of a kind that has broken other programs, drawn by its number. It
passes if the command ends with 0, 1 or 2 and an error is one line; if a call raises nothing, or an error that ganaug
raises on purpose; if memory grows by at most 4 times the size of the input, unpacked, and 500 MB; and if all that lay
in the folder before is as it was. Linux only.

    python examples/benchmarks/hostile.py --cases 500
"""

import argparse
import contextlib
import hashlib
import io
import os
import signal
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from hostile_cases import FAMILIES

import ganaug
from ganaug.core.errors import GANAugError

MAX_TIMES = 4  # the size of an input
MAX_BESIDES = 500e6  # bytes
MAX_CPU_SECONDS = 60
MAX_SECONDS = 900  # of the clock: who waits for a pipe takes no time of the CPU


def attempt(number: int, models: Path) -> tuple[str, str]:
    """Try a case in a child of this process; return its name and what was wrong, or nothing."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            name, wrong = _tried(number, models)
            os.chdir("/")
        os.write(writer, f"{name}\0{wrong}".encode("utf-8", "backslashreplace")[:60_000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    name, _, wrong = said.partition("\0")
    return (name or f"case {number}"), (wrong if not status else f"the process ended with {status}")


def _tried(number: int, models: Path) -> tuple[str, str]:
    rng = np.random.default_rng(number)
    family = FAMILIES[number % len(FAMILIES)]
    warnings.simplefilter("ignore")
    os.environ["GANAUG_CACHE_DIR"] = os.path.abspath("cache")
    case = family(rng, models)
    before, out, err = _contents(), io.StringIO(), io.StringIO()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    start = _peak()
    signal.alarm(MAX_SECONDS)
    signal.setitimer(signal.ITIMER_PROF, MAX_CPU_SECONDS)
    wrong = ""
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = case.act()
        except GANAugError as error:
            code = None
            wrong = f"the error has {len(str(error)):,} letters" if len(str(error)) > 2_000 else ""
        except BaseException:
            code, wrong = None, traceback.format_exc()
    signal.alarm(0)
    signal.setitimer(signal.ITIMER_PROF, 0)
    grown, allowed = _peak() - start, MAX_TIMES * case.size + MAX_BESIDES
    lines = err.getvalue().splitlines()
    if isinstance(code, int) and not isinstance(code, bool) and code not in (0, 1, 2):
        wrong = f"exit code {code}"
    if "Traceback" in err.getvalue() or (code in (1, 2) and sum(line.startswith("error: ") for line in lines) > 1):
        wrong = err.getvalue()
    if code in (1, 2) and isinstance(code, int) and not any(line.startswith("error: ") for line in lines):
        wrong = wrong or (f"exit code {code} without a word" if not out.getvalue() else "")
    if grown > allowed:
        wrong = wrong or f"memory grew by {grown / 1e6:,.0f} MB, allowed were {allowed / 1e6:,.0f}"
    now = _contents()
    lost = [name for name in before if now.get(name) != before[name]]
    return case.name, wrong or (f"lost or altered: {lost}" if lost else "")


def _contents() -> dict[str, str]:
    """Return the digests of all plain files here, but of what ganaug keeps for itself."""
    files = (
        path for path in Path().rglob("*") if path.is_file() and not path.is_symlink() and "cache" not in path.parts
    )
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def prepare(folder: Path) -> None:
    """Train the models that are damaged, and asked for nonsense."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=40), "kind": ["u", "v"] * 20})
    ganaug.train(frame, np.arange(40) % 2, max_steps=2, random_state=0).save(folder / "rows.safetensors")
    images = rng.integers(0, 256, (24, 8, 8), dtype=np.uint8)
    gan = ganaug.train(images, np.arange(24) % 2, max_steps=2, random_state=0, width=4)
    gan.save(folder / "images.safetensors")
    ganaug.make_pool(gan, 5, folder / "images.pool", random_state=0)


def main(arguments: list[str] | None = None) -> int:
    """Try all cases; print what went wrong, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)  # threads do not survive a fork
    failed, tried = 0, Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name))
        for number in range(given.first, given.first + given.cases):
            what, wrong = attempt(number, Path(name))
            print("F" if wrong else ".", end="", file=sys.stderr, flush=True)
            tried[what.split(":")[0]] += 1
            if wrong:
                failed += 1
                print(f"case {number}, {what}: {wrong.strip()[-1500:]}\n", flush=True)
    print(f"{given.cases} cases, {failed} failed: " + ", ".join(f"{n} {what}" for what, n in tried.most_common()))
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())

"""What ``ganaug synth`` tells: how it goes, what was written, what it would take."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ganaug.cli.console import counts_by_name
from ganaug.models.synthesizer import Synthesizer
from ganaug.synthesis.plan import Plan, Shard
from ganaug.synthesis.shards import write_shards

_MEASURED = 256  # samples that an estimate is made from


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text("" if not task.speed else f"{task.speed:,.0f}/s")


@contextmanager
def progress(*, hidden: bool) -> Iterator[Callable[[int, int], None]]:
    """Show a bar with rate and time left on stderr; yield what is told how many samples more, and of how many."""
    columns = (TextColumn("writing"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=hidden) as bar:
        task = bar.add_task("")
        yield lambda n, total: bar.update(task, advance=n, total=total)


def table(plan: Plan) -> str:
    """Return what was written, class by class."""
    made, real = plan.counts(), plan.counts(real=True)
    drawn = Table(box=None, pad_edge=False)
    for name in ("class", "synthetic", *(["real"] if real else []), "folder"):
        drawn.add_column(name, justify="left" if name in ("class", "folder") else "right")
    for planned in plan.classes:
        shown = [f"{counts.get(planned.label, 0):,}" for counts in ([made, real] if real else [made])]
        drawn.add_row(Text(str(planned.label)), *shown, Text(planned.folder))
    console = Console(width=120, force_terminal=False)
    with console.capture() as capture:
        console.print(drawn)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def estimate(gan: Synthesizer, plan: Plan, out: Path) -> tuple[list[str], dict[str, Any]]:
    """Write a short sample elsewhere, and return what the whole would be."""
    largest = max(plan.classes, key=lambda planned: planned.n)
    sample = Shard(largest, 0, 0, min(largest.n, _MEASURED), real=False)
    with tempfile.TemporaryDirectory(prefix="ganaug-") as name:
        folder = Path(name)
        (folder / largest.folder).mkdir()
        write_shards(gan, plan, [sample._replace(n=min(sample.n, 16))], folder)  # warms up
        start = time.perf_counter()
        write_shards(gan, plan, [sample], folder)
        each = (time.perf_counter() - start) / sample.n
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / sample.n
    estimated: dict[str, Any] = {
        "out": str(out),
        "counts": counts_by_name(plan.counts()),
        "samples": plan.n,
        "shards": sum(1 for _ in plan.shards()),
        "bytes": round(plan.n * size),
        "seconds": round(plan.n * each, 1),
        "checkpoint_sha256": plan.checkpoint_sha256,
    }
    lines = [
        f"Would write {plan.n:,} samples to {out}, {estimated['shards']:,} shards of {plan.output}: about "
        f"{estimated['bytes'] / 1e6:,.1f} MB in {estimated['seconds']:,.0f} s with one thread, by {sample.n} samples.",
        table(plan),
    ]
    return lines, estimated

"""``ganaug synth --class NAME --n N``."""

import time
from typing import TYPE_CHECKING

from ganaug.cli.console import counts_by_name, result
from ganaug.cli.options import grouped
from ganaug.cli.request import Request
from ganaug.core.processes import is_first_process
from ganaug.synthesis.manifest import PREVIEW

if TYPE_CHECKING:
    from ganaug.evaluation.result import Answer
    from ganaug.synthesis.synthesize import Synthesis


@grouped
def synth(request: Request) -> None:
    """Write new samples of the classes you ask for.

    Without --model and --data it trains on scikit-learn's bundled digits: a demonstration in under a minute.

    Examples: ganaug synth --class 3 --n 5000

    ganaug synth --model cells.safetensors --class teardrop --n 5000 --out synthetic/

    ganaug synth --balance cells/ --include-real --out balanced/

    ganaug synth --model fraud.safetensors --n 10000000 --out rows.parquet --resume
    """
    request.read()
    start = time.perf_counter()
    synthesizer = request.trained()
    from ganaug.cli import summary
    from ganaug.cli.verdict import MAX_JUDGED, judge_fidelity, judging
    from ganaug.synthesis.shards import first_samples
    from ganaug.synthesis.synthesize import plan_output, synthesize

    wanted = request.wanted(synthesizer)
    if request.dry_run:
        plan, _ = plan_output(synthesizer, **wanted)
        result(*summary.estimate(synthesizer, plan, request.out), request.as_json)
        return
    compared = request.compared(synthesizer)
    with summary.progress(hidden=request.quiet or not is_first_process()) as progress:
        done = synthesize(synthesizer, **wanted, resume=request.resume, overwrite=request.overwrite, progress=progress)
    if not is_first_process():
        return
    fidelity = None
    if compared is not None:
        with judging(done.path):
            fidelity = judge_fidelity(synthesizer, compared, first_samples(synthesizer, done.plan, MAX_JUDGED))
    _report(done, time.perf_counter() - start, fidelity, request.as_json, judged=request.is_first)


def _report(done: "Synthesis", seconds: float, fidelity: "Answer | None", as_json: bool, *, judged: bool) -> None:
    """Print what was written, and how good it looks."""
    from ganaug.cli import summary
    from ganaug.cli.verdict import verdict_line

    out, plan = done.path, done.plan
    wrote = f"Wrote {plan.n:,} samples to {out} in {seconds:.0f} s:"
    lines = [f"{out} is complete, nothing was left to do:" if done.was_complete else wrote, summary.table(plan)]
    lines += [verdict_line(fidelity)] if judged else []
    lines += [f"See {out / PREVIEW}."] if plan.preview else []
    data_out = {
        "out": str(out),
        "counts": counts_by_name(done.counts),
        "seconds": round(seconds, 2),
        "fidelity": None if fidelity is None else fidelity.to_dict(),
    }
    result(lines, data_out, as_json)

"""Child processes that run the command line and meet with faults; forked from one that has loaded torch already."""

import multiprocessing
import os
import resource
import signal
import sys
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")  # imports all this once, and then forks
CONTEXT.set_forkserver_preload(
    [
        "ganaug.cli.app",
        "ganaug.cli.summary",
        "ganaug.finetuning.finetune",
        "ganaug.synthesis.preview",
        "ganaug.training.snapshot",
        "PIL.ImageDraw",
        "cv2",
        "pyarrow.parquet",
        "torch.distributed",
        "torch._dynamo",  # by the first optimizer
    ]
)


def _main(arguments, folder, limit, stop, environment):
    os.chdir(folder)
    os.environ.update(environment)
    sys.stdout = open("out.txt", "w")  # noqa: SIM115
    sys.stderr = open("err.txt", "w")  # noqa: SIM115
    import torch

    torch.set_num_threads(1)
    if limit is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    if stop is not None:
        _stop_at(*stop)
    from ganaug.cli.app import run

    sys.exit(run([str(argument) for argument in arguments]))


def _stop_at(number, place, count):
    """Send this process a signal when it is at a place for the count-th time."""
    from ganaug.models.noise import Noise

    owner, name = {"step": (Noise, "randn"), "write": (os, "fsync")}[place]
    real, seen = getattr(owner, name), [0]

    def counting(*arguments):
        seen[0] += 1
        if seen[0] == count:
            os.kill(os.getpid(), number)
        return real(*arguments)

    setattr(owner, name, counting)


class Child:
    """A ``ganaug`` command in a folder.

    limit: bytes that a file may have, as on a full disk. stop: (signal, "step" or "write", at which count).
    environment: variables that are set.
    """

    def __init__(self, folder: Path, *arguments, limit=None, stop=None, environment=None):
        self.folder = folder
        self.process = CONTEXT.Process(target=_main, args=(arguments, folder, limit, stop, environment or {}))
        self.process.start()

    def end(self):
        """Return the exit code (negative: killed by a signal) and the lines on stderr."""
        self.process.join(120)
        return self.process.exitcode, (self.folder / "err.txt").read_text().splitlines()


def run(folder, *arguments, **faults):
    return Child(folder, *arguments, **faults).end()

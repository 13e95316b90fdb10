"""Whether the alarms of training ring where they should, and only there.

For every data set: the smallest ratio of nearest distances on the way (memorisation below 0.25), the smallest
diversity after step 200 (collapse below 0.05), the share of the time that looking took, and what rang. Of the bundled
digits 0 and 1 few images are taken, which default settings learn by heart; --data adds files of yours.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import ganaug
from ganaug.data.readers import read
from ganaug.training.callbacks import Callback
from ganaug.training.callbacks.alarms import CopyProbe


class Ratios(Callback):
    """Keeps the smallest ratio of every tenth record, as the watchdog sees it."""

    def on_train_start(self, trainer) -> None:
        """Measure the training samples."""
        self.seconds, self.found = 0.0, [float("inf")]
        self.probe = CopyProbe(trainer)

    def on_record(self, trainer) -> None:
        """Measure the generator."""
        if len(trainer.history) % 10 == 0:
            start = time.perf_counter()
            self.found.append(min(self.probe.ratios(trainer).values(), default=float("inf")))
            self.seconds += time.perf_counter() - start


def measure(name: str, X, y, **settings) -> None:
    """Train once and print a line."""
    ratios, start = Ratios(), time.perf_counter()
    with warnings.catch_warnings(record=True) as rang:
        warnings.simplefilter("always")
        gan = ganaug.train(X, y, random_state=0, callbacks=[ratios], **settings)
    seconds = time.perf_counter() - start
    late = [value for step, value in zip(gan.history["step"], gan.history["diversity"], strict=True) if step >= 200]
    print(
        f"{name:28} ratio {min(ratios.found):.2f}  diversity {min(late, default=np.nan):.2f}  "
        f"looking {ratios.seconds / seconds:.2%} of {seconds:.0f} s  "
        f"rang: {'; '.join(str(warning.message).partition('(')[0].strip() for warning in rang) or 'nothing'}",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="*", type=Path, default=[], help="image folders, .npz, .csv or .tsv files")
    parser.add_argument("--few", nargs="*", type=int, default=[2, 4, 8], help="images of each of two digits")
    parser.add_argument("--max-steps", type=int, help="by default what ganaug.train takes")
    args = parser.parse_args()
    settings = {} if args.max_steps is None else {"max_steps": args.max_steps}
    X, y = load_digits(return_X_y=True)
    X = X.reshape(-1, 8, 8)
    measure("digits", X, y, **settings)
    for n in args.few:
        few = np.concatenate([np.flatnonzero(y == digit)[:n] for digit in (0, 1)])
        measure(f"{n} images of 0 and of 1", X[few], y[few], **settings)
    for path in args.data:
        dataset = read(path)
        measure(path.name, dataset.X, dataset.y, **settings)


if __name__ == "__main__":
    main()

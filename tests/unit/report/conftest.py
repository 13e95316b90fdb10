import numpy as np
import pandas as pd
import pytest

from ganaug.core.history import History
from ganaug.evaluation.result import Answer, Evaluation, Measurement, Verdict

ARMS = ("real as they are", "class weights", "over-sampling", "SMOTE", "synthetic alone", "real + synthetic")


def made_up(kind, classes, gallery, columns=None, note="A note.", data="some data"):
    """An evaluation as docs/decisions/0010-evaluation.md says, of numbers that were drawn."""
    rng = np.random.default_rng(0)
    subjects = ["all classes", *classes]

    def measured(metrics):
        return tuple(
            Measurement(subject, metric, rng.random(), real=rng.random()) for subject in subjects for metric in metrics
        )

    points = pd.DataFrame(
        {
            "x": rng.normal(size=90 * len(classes)),
            "y": rng.normal(size=90 * len(classes)),
            "subject": np.repeat(classes, 90),
            "source": np.tile(np.repeat(["training", "held out", "synthetic"], 30), len(classes)),
        }
    )
    fidelity_drawn = {"projection": points}
    if columns is not None:
        fidelity_drawn["columns"] = pd.DataFrame(
            [
                {"column": c, "metric": "Kolmogorov-Smirnov", "subject": s, "value": i / 10, "real": 0.0}
                for i, c in enumerate(columns)
                for s in subjects
            ]
        )
    values = {arm: 0.6 + 0.05 * i for i, arm in enumerate(ARMS)}
    utility = [Measurement(arm, "balanced accuracy", v, v - 0.05, v + 0.05) for arm, v in values.items()]
    utility += [Measurement(arm, "macro F1", v) for arm, v in values.items()]
    utility += [Measurement("real + synthetic", "balanced accuracy", 0.05, -0.02, 0.12, rival=arm) for arm in ARMS[:4]]
    confusion = pd.DataFrame(
        [
            {"arm": arm, "truth": t, "called": c, "share": 0.8 if t == c else 0.2 / max(1, len(classes) - 1)}
            for arm in ARMS
            for t in classes
            for c in classes
        ]
    )
    distances = {
        "to training": {"synthetic": rng.random(50) + 0.1, "held out": rng.random(40)},
        "to synthetic": {"training": rng.random(50), "held out": rng.random(40)},
    }
    look = measured(["precision", "coverage"])
    copied = measured(["distance ratio", "membership AUC"])
    answers = {
        "fidelity": Answer(
            "fidelity",
            Verdict("good", "looks real", "0.93 of 0.95", 40, 0.93, 0.9, 0.96, 0.8),
            look,
            (),
            fidelity_drawn,
        ),
        "utility": Answer(
            "utility", Verdict("doubtful", "no difference", note), tuple(utility), (note,), {"confusion": confusion}
        ),
        "privacy": Answer("privacy", Verdict("bad", "gives people away", note), copied, (), distances),
    }
    counts = {name: 10 * (i + 1) for i, name in enumerate(classes)}
    described = {
        "kind": kind, "data": data, "classes": list(classes), "training": counts, "held out": counts,
        "synthetic": counts, "source": "model 0123456789ab, 300 steps", "seed": 7, "seconds": 1.5, "notes": [],
        "versions": {"ganaug": "0.1.0"}, "config": {"objective": "relativistic", "max_steps": 300},
        "provenance": [f"data: {note}"], "training sha256": "abc123", "held out sha256": "def456",
        "model sha256": "0123456789ab",
    }  # fmt: skip
    names = ("d_loss", "g_loss", "d_accuracy_real", "d_accuracy_fake", "diversity", "d_grad_norm", "g_grad_norm")
    history = History({"step": [10.0, 20.0, 30.0], **{name: [0.5, 0.6, 0.7] for name in names}})
    return Evaluation(answers, described, gallery, history)


def images_of(classes, shape=(8, 8)):
    rng = np.random.default_rng(0)
    pixels = {name: rng.integers(0, 256, (30, *shape), dtype=np.uint8) for name in classes}
    few = {name: found[:10] for name, found in pixels.items()}
    return {
        "training": pixels, "held out": pixels, "synthetic": pixels, "nearest synthetic": few, "nearest training": few
    }  # fmt: skip


def rows_of(classes, columns, levels=("low", "high")):
    rng = np.random.default_rng(0)
    frames = {}
    for name in classes:
        frame = pd.DataFrame({column: rng.normal(size=40) for column in columns})
        frame[columns[0]] = rng.choice(list(levels), 40)
        frame["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 900, 40), unit="D")
        frame["flag"] = rng.random(40) < 0.3
        frame["gaps"] = np.where(rng.random(40) < 0.5, np.nan, 12345.678)
        frame["empty"] = np.nan
        frames[name] = frame
    few = {name: frame[:6] for name, frame in frames.items()}
    return {
        "training": frames, "held out": frames, "synthetic": frames, "nearest synthetic": few, "nearest training": few
    }  # fmt: skip


@pytest.fixture(scope="session")
def of_images():
    """An evaluation of images of ten classes."""
    classes = [str(digit) for digit in range(10)]
    return made_up("image", classes, images_of(classes))


@pytest.fixture(scope="session")
def of_rows():
    """An evaluation of a table."""
    columns = ["kind", "amount", "score"]
    return made_up("table", ["yes", "no"], rows_of(["yes", "no"], columns), columns)


@pytest.fixture(scope="session")
def build():
    """The parts, to build other evaluations."""
    from types import SimpleNamespace

    return SimpleNamespace(evaluation=made_up, images=images_of, rows=rows_of)

"""Every block of Python on the pages runs, a page at a time, in a folder of its own, with fewer steps and smaller numbers."""

import re
import shlex
import sys
import types
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import make_classification
from torch.utils.data import ConcatDataset, DataLoader, default_collate, get_worker_info

import ganaug
from ganaug.training.defaults import resolve

for module in ("albumentations", "matplotlib", "PIL", "pyarrow", "typer"):
    pytest.importorskip(module)
torchvision = pytest.importorskip("torchvision")
ImageFolder = pytest.importorskip("torchvision.datasets").ImageFolder
v2 = pytest.importorskip("torchvision.transforms.v2")

ROOT = Path(__file__).parents[3]
PAGES = ["README.md", "docs/index.md", "docs/plugins.md", "docs/comparison.md"]
PAGES += sorted(str(page.relative_to(ROOT)) for page in ROOT.glob("docs/guide/*.md"))
ELSEWHERE = {"docs/extending.md": "tests/unit/docs/test_extending.py runs it"}
SMALLER = {
    "10_000_000": "2_000",
    "50_000": "500",
    "10_000": "100",
    "5000": "60",
    "20_000": "60",
    "num_workers=4": "num_workers=0",
    "range(30)": "range(10)",
}
STEPS = 4


def blocks(page, language="python"):
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def cells(folder):
    """An image folder of 16 × 16 colour images: 40 normal cells, 12 teardrops."""
    from PIL import Image

    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (52, 16, 16, 3), dtype=np.uint8)
    y = np.repeat(["normal", "teardrop"], [40, 12])
    for i, (image, label) in enumerate(zip(X, y, strict=True)):
        (folder / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / label / f"{i}.png")
    return X, y


def rows(names):
    """120 rows of two classes with names of their own."""
    X, y = make_classification(120, 5, weights=[0.7], random_state=0)
    return pd.DataFrame(X, columns=[f"column {i}" for i in range(5)]), pd.Series(np.array(names)[y], name="target")


def images_page():
    X, y = cells(Path("cells"))
    dataset = ImageFolder("cells")
    gan = ganaug.train(X, y, max_steps=STEPS, random_state=0)
    pool = ganaug.make_pool(gan, 60, "cells.pool", random_state=0)
    loader = DataLoader(ImageFolder("cells", v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])), 8)
    recalls = {"normal": 0.9, "teardrop": 0.4}

    class LightningModule(torch.nn.Module):
        current_epoch, recall_per_class = 9, recalls
        trainer = types.SimpleNamespace(training=True)

    class Trainer:
        def fit(self, module, loader):
            for images, labels in loader:
                assert module.on_after_batch_transfer((v2.functional.to_dtype(images, scale=True), labels), 0)
                break
            module.on_train_epoch_end()

    return {
        "X": X,
        "y": y,
        "gan": gan,
        "pool": pool,
        "dataset": ImageFolder("cells", v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])),
        "transform": v2.ToImage(),
        "loader": loader,
        "mean": [0.5] * 3,
        "std": [0.25] * 3,
        "image": X[-1],
        "label": dataset.classes.index("teardrop"),
        "model": None,
        "train_one_epoch": lambda model, loader: None,
        "recall_on_validation": lambda model: recalls,
        "lightning": types.SimpleNamespace(LightningModule=LightningModule),
        "trainer": Trainer(),
    }


def readme():
    X, y = rows(["normal", "teardrop"])
    return images_page() | {"X": X, "y": y, "X_mine": X, "y_mine": y}


def evaluated():
    X, y = rows(["no", "yes"])
    train, test = np.arange(120) % 2 == 0, np.arange(120) % 2 == 1
    parts = {"X_train": X[train], "y_train": y[train], "X_test": X[test], "y_test": y[test]}
    return parts | {"gan": ganaug.train(X[train], y[train], max_steps=STEPS, random_state=0)}


class Lazily:
    """What stands for Ray's and Dask's collections: the same calls, one after another in this process."""

    def __init__(self, items):
        self.items = items

    def map(self, function):
        return Lazily([function(item) for item in self.items])

    def materialize(self):
        return self


class Client:
    def __init__(self, **options):
        pass

    __enter__ = lambda self: self  # noqa: E731
    __exit__ = lambda self, *error: None  # noqa: E731
    map = staticmethod(lambda function, items: [function(item) for item in items])
    gather = staticmethod(lambda futures: futures)


def scale_page():
    X, y = rows(["no", "yes"])
    ganaug.train(X, y, max_steps=STEPS, random_state=0).save("fraud.safetensors")
    ganaug.synthesize(ganaug.train(*cells(Path("cells")), max_steps=STEPS, random_state=0), 2, "synthetic")
    data = types.SimpleNamespace(
        range=lambda n, override_num_blocks: Lazily([{"id": k} for k in range(n)]), read_parquet=read_parts
    )
    modules = {"ray": types.SimpleNamespace(data=data), "ray.data": data}
    modules["dask"] = types.SimpleNamespace(dataframe=types.SimpleNamespace(read_parquet=read_parts))
    modules |= {"dask.dataframe": modules["dask"].dataframe, "dask.distributed": types.SimpleNamespace(Client=Client)}
    return {"modules": modules}


def read_parts(where):
    import glob

    frame = pd.concat(map(pd.read_parquet, sorted(glob.glob(where)) if isinstance(where, str) else where))
    assert frame["target"].value_counts().to_dict() == {"no": 500, "yes": 500}
    return frame


def tabular_page():
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    return {"encoder": StandardScaler(), "LogisticRegression": LogisticRegression}


def compare_page():
    from sklearn.tree import DecisionTreeClassifier

    X, y = rows(["no", "yes"])
    return {"X": X, "y": y, "classifier": DecisionTreeClassifier(max_depth=3, random_state=0)}


def training_at_scale_page():
    X, y = rows([0, 1])
    X.assign(fraud=y).to_parquet("orders.parquet")
    return {"X": X, "y": y}


def transfer_page():
    X, y = cells(Path("cells"))
    ganaug.train(X, y, max_steps=STEPS, random_state=0).save("letters.safetensors")
    X, y = X[-24:], y[-24:]
    return {"X_letters": X, "y_letters": y, "X_mine": X, "y_mine": y}


def watching_page():
    X, y = rows([0, 1])
    ganaug.train(X, y, max_steps=STEPS, random_state=0).save("characters.safetensors")
    return {"X": X, "y": y, "X_held_out": X[::2], "y_held_out": y[::2], "gan": ganaug.train(X, y, max_steps=STEPS)}


PREPARED = {
    "README.md": readme,
    "docs/guide/compare.md": compare_page,
    "docs/guide/evaluation.md": evaluated,
    "docs/guide/report.md": evaluated,
    "docs/guide/scale.md": scale_page,
    "docs/guide/tabular.md": tabular_page,
    "docs/guide/training-at-scale.md": training_at_scale_page,
    "docs/guide/training-loops.md": images_page,
    "docs/guide/transfer.md": transfer_page,
    "docs/guide/watching.md": watching_page,
}
SLOW = {"docs/index.md", "docs/guide/training-loops.md", "docs/guide/evaluation.md"}


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """Train a few steps only, in an empty folder; pyplot opens no window."""
    import matplotlib

    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)

    def few(*arguments):
        return resolve(*arguments).model_copy(update={"max_steps": STEPS})

    for name in ("make_pool", "merge"):  # blocks of a page write the same files
        monkeypatch.setattr(ganaug, name, partial(getattr(ganaug, name), overwrite=True), raising=False)
    for place in ("ganaug.training.train", "ganaug.finetuning.finetune"):
        monkeypatch.setattr(f"{place}.resolve", few)


@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:.*held-out:UserWarning",
    "ignore::ganaug.oversampling.sampler.NoGainWarning",
)
@pytest.mark.parametrize("page", [pytest.param(p, marks=pytest.mark.slow if p in SLOW else ()) for p in PAGES])
def test_a_page_runs(page, quick, monkeypatch):
    names = {name: getattr(ganaug, name) for name in ganaug.__all__ if not name.startswith("_")}
    names |= {"ganaug": ganaug, "np": np, "pd": pd, "torch": torch, "v2": v2, "glob": __import__("glob")}
    names |= {"torchvision": torchvision, "ImageFolder": ImageFolder, "DataLoader": DataLoader}
    names |= {"ConcatDataset": ConcatDataset, "default_collate": default_collate, "get_worker_info": get_worker_info}
    names |= {"__name__": "__main__"} | PREPARED.get(page, dict)()
    for module, stand_in in names.pop("modules", {}).items():
        monkeypatch.setitem(sys.modules, module, stand_in)
    for n, code in enumerate(blocks(page)):
        for large, small in SMALLER.items():
            code = code.replace(large, small)
        exec(compile(code, f"{page}, block {n}", "exec"), names)


def test_no_page_with_python_is_left_out():
    pages = {
        str(p.relative_to(ROOT)) for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/guide/*.md")]
    }
    assert {page for page in pages if blocks(page)} <= {*PAGES, *ELSEWHERE}


def commands():
    for page in [*PAGES, "docs/guide/data.md"]:
        for line in re.sub(r"\\\n", " ", "\n".join(blocks(page, "console"))).splitlines():
            if found := re.search(r"^\$.*?(?<![\[/])\bganaug (\w.*)", line.partition("  #")[0]):
                command = found[1].removesuffix("; do sleep 60; done")
                yield pytest.param(page, command, id=f"{page}: {command[:60]}")


@pytest.mark.parametrize(("page", "line"), sorted(set(commands()), key=lambda one: one.id))
def test_a_command_on_a_page_is_understood(page, line):
    """Sub-command and options exist; nothing is run."""
    import typer.main

    from ganaug.cli.app import app

    command, words = typer.main.get_command(app), shlex.split(line)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    for word in words:
        if word.startswith("--"):
            assert word.partition("=")[0] in known, f"{page}: no option {word} in `ganaug {line}`"
    assert not hasattr(command, "commands") or not words, f"{page}: no command {words[0]}"


SCRIPTS = sorted([*ROOT.glob("docs/gallery/*.py"), *ROOT.glob("examples/notebooks/*.py")])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")  # what three steps taught is not worth a warning
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_an_example_of_the_gallery_runs(script, quick):
    """And a notebook, with a few steps each; `make docs` and `make notebooks` run them as they are."""
    from matplotlib import pyplot

    try:
        exec(compile(script.read_text(encoding="utf-8"), script.name, "exec"), {"__name__": "__main__"})
    finally:
        pyplot.close("all")

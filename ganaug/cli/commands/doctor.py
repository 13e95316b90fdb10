"""``ganaug doctor``."""

import os
import platform
import shutil
import sys
import tempfile
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typer

from ganaug.cli import options
from ganaug.cli.commands import cache
from ganaug.cli.commands.plugins import parts
from ganaug.cli.console import result
from ganaug.core.errors import GANAugError

_PACKAGES = {  # distribution and the module that proves that it works
    "torch": "torch",
    "numpy": "numpy",
    "pandas": "pandas",
    "scikit-learn": "sklearn",
    "imbalanced-learn": "imblearn",
    "safetensors": "safetensors",
}
_OPTIONAL = {  # the same, and what is not possible without it, and the extra that brings it
    "torchvision": ("torchvision", "images are not judged, and no training loop mixes them", "images"),
    "albumentations": ("albumentations", "albumentations' GANReplace is not there", "images"),
    "opencv-python-headless": ("cv2", "no PNG files are written", "images"),
    "pillow": ("PIL.Image", "image files cannot be read", "images"),
    "pyarrow": ("pyarrow.parquet", ".parquet cannot be read", "parquet"),
}
_LITTLE = 10**9  # bytes


def doctor(as_json: options.AsJson = False) -> None:
    """Look at the installation and the machine: what to paste into a bug report.

    Versions, devices, memory, disk, cache and plugins, and a training of three steps. Exits with 1 if something is
    broken; each problem is named with what to do.

    Examples: ganaug doctor

    ganaug doctor --json > doctor.json
    """
    problems: list[str] = []
    warnings: list[str] = []
    report: dict[str, Any] = {
        "machine": _machine(),
        "versions": _versions(problems, warnings),
        "devices": _devices(problems),
        "memory": _memory(warnings),
        "cache": _cache(problems, warnings),
        "trial": _trial(problems),
    }
    report["machine"]["threads"] = _threads()
    problems += [part["problem"] for part in parts(load=True) if part["problem"]]
    lines = []
    for title, content in report.items():
        lines.append(f"{title}:")
        lines += [f"  {name}: {value}" for name, value in content.items()]
    lines += [f"problem: {said}" for said in problems] + [f"remark: {said}" for said in warnings]
    lines.append("Something is broken." if problems else "Nothing is broken.")
    result(lines, {**report, "problems": problems, "remarks": warnings}, as_json)
    if problems:
        raise typer.Exit(1)


def _machine() -> dict[str, Any]:
    return {
        "system": platform.platform(),
        "python": f"{platform.python_version()} ({platform.python_implementation()}, {_home(sys.executable)})",
        "processor": platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "folder": _home(os.getcwd()),
    }


def _versions(problems: list[str], warnings: list[str]) -> dict[str, str]:
    found = {}
    optional = {name: module for name, (module, _, _) in _OPTIONAL.items()}
    for name, module in {"ganaug": "ganaug", **_PACKAGES, **optional}.items():
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
            if name in _OPTIONAL and find_spec(module.partition(".")[0]) is None:  # OpenCV has four distributions
                _, without, extra = _OPTIONAL[name]
                warnings.append(f"{name} is not installed: {without}; pip install 'ganaug[{extra}]'")
                continue
        try:
            import_module(module)
        except Exception as error:  # a broken installation fails in any way
            problems.append(f"{name} cannot be imported ({type(error).__name__}: {error}); install it again")
    return found


def _devices(problems: list[str]) -> dict[str, str]:
    try:
        import torch

        found = {"cpu": torch.backends.cpu.get_cpu_capability()}
        for i in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(i)
            found[f"cuda:{i}"] = f"{properties.name}, {properties.total_memory / 1e9:.0f} GB"
        if torch.backends.mps.is_available():
            found["mps"] = "available"
    except Exception as error:
        problems.append(
            f"torch cannot list its devices ({type(error).__name__}: {error}); check driver and installation"
        )
        return {}
    return found


def _threads() -> str:
    named = os.environ.get("OMP_NUM_THREADS")
    used = getattr(sys.modules.get("torch"), "get_num_threads", lambda: "unknown")()
    return f"{used}" + (f" (OMP_NUM_THREADS={named})" if named else "")


def _memory(warnings: list[str]) -> dict[str, str]:
    found = {}
    if hasattr(os, "sysconf") and hasattr(os, "sysconf_names") and "SC_AVPHYS_PAGES" in os.sysconf_names:
        page = os.sysconf("SC_PAGE_SIZE")
        total, free = (page * os.sysconf(name) for name in ("SC_PHYS_PAGES", "SC_AVPHYS_PAGES"))
        found["total"] = f"{total / 1e9:.1f} GB, {free / 1e9:.1f} GB of it free"
        if total < 2 * _LITTLE:
            warnings.append(
                f"{total / 1e9:.1f} GB of memory is little; close other programs, or train on fewer samples"
            )
    for name, folder in (("disk here", os.getcwd()), ("disk for temporary files", _temporary())):
        free = shutil.disk_usage(folder).free
        found[name] = f"{free / 1e9:.1f} GB free ({_home(folder)})"
        if free < _LITTLE:
            warnings.append(f"only {free / 1e6:.0f} MB are free in {_home(folder)}; make room before writing there")
    return found


def _temporary() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:
        return os.getcwd()


def _cache(problems: list[str], warnings: list[str]) -> dict[str, Any]:
    try:
        folder = cache.folder()
    except GANAugError as error:
        warnings.append(f"synth keeps no models: {error}")
        return {"folder": "none"}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder) as handle:
            handle.write(b"\0" * 2**16)
            handle.flush()
            os.fsync(handle.fileno())
    except OSError as error:
        warnings.append(
            f"synth keeps no models: {_home(folder)} cannot be written ({error.strerror}); "
            "give it back to you, or set GANAUG_CACHE_DIR to another folder"
        )
        return {"folder": _home(folder), "writable": False}
    sizes = [model.stat().st_size for model in (folder / "models").glob("*.safetensors")]
    return {"folder": _home(folder), "writable": True, "models": f"{len(sizes)}, {sum(sizes) / 1e6:.1f} MB"}


def _trial(problems: list[str]) -> dict[str, str]:
    """Train, save, load and sample something tiny."""
    try:
        import numpy as np

        from ganaug.models.synthesizer import load
        from ganaug.training.train import train

        rng = np.random.default_rng(0)
        gan = train(rng.normal(size=(40, 3)), np.arange(40) % 2, max_steps=3, batch_size=8, random_state=0)
        with tempfile.TemporaryDirectory() as folder:
            gan.save(Path(folder) / "trial.safetensors")
            load(Path(folder) / "trial.safetensors").sample(5, label=1, random_state=0)
    except Exception as error:
        problems.append(f"a training of three steps fails ({type(error).__name__}: {error})")
        return {"training": "fails"}
    return {"training": f"works, on {gan.config.device} in {gan.config.precision}"}


def _home(path: object) -> str:
    """Return a path without the name of the user."""
    home = os.path.expanduser("~")
    text = str(path)
    return "~" + text[len(home) :] if len(home) > 1 and (text + os.sep).startswith(home + os.sep) else text

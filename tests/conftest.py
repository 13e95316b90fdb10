"""Shared data: small, and made here. Tests that need an extra that is not installed are skipped, and say which."""

import os
from contextlib import contextmanager
from importlib.util import find_spec

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # before scipy loads: one of scikit-learn's checks asks for it
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch loads: workers would wait for each other's threads

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pytest  # noqa: E402

import ganaug  # noqa: E402
from ganaug.core.errors import GANAugError  # noqa: E402

OF_EXTRAS = (
    "albumentations cv2 jinja2 matplotlib PIL platformdirs pyarrow rich tensorboard torchmetrics torchvision typer"
)
NOT_INSTALLED = [module for module in OF_EXTRAS.split() if find_spec(module) is None]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item, call):
    """Turn a missing extra into a skip, but only where it is truly missing: tests that pretend it is are judged."""
    error = call.excinfo.value if call.excinfo else None
    module = (getattr(error, "name", None) or "").partition(".")[0]
    if NOT_INSTALLED and (
        isinstance(error, GANAugError) and "pip install 'ganaug[" in str(error) or module in NOT_INSTALLED
    ):
        call.excinfo = pytest.CallInfo.from_call(lambda: pytest.skip(str(error)), call.when).excinfo


@pytest.fixture(scope="session")
def mixed_frame() -> tuple[pd.DataFrame, pd.Series]:
    """120 rows of every kind of column, 24 of them of the rare class."""
    rng = np.random.default_rng(0)
    n = 120
    rare = np.arange(n) < 24
    frame = pd.DataFrame(
        {
            "amount": rng.normal(size=n) + 2 * rare,
            "small": rng.normal(size=n).astype(np.float32),
            "count": rng.integers(0, 40, n),
            "flag": rng.random(n) < 0.2 + 0.4 * rare,
            "level": pd.Categorical(
                rng.choice(["low", "mid", "high"], n), ["low", "mid", "high", "never"], ordered=True
            ),
            "city": rng.choice(["Oslo", "Lima", "Pune"], n),
            "note": pd.Series(rng.choice(["a", "b", None], n), dtype=object),
            "day": pd.Timestamp("2024-02-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D"),
            "seen": pd.Timestamp("2024-02-01", tz="Europe/Oslo") + pd.to_timedelta(rng.integers(0, 999, n), unit="h"),
            "visits": pd.array(np.where(rng.random(n) < 0.2, None, rng.integers(0, 9, n)), dtype="Int64"),
            "agreed": pd.array(np.where(rng.random(n) < 0.2, None, rng.random(n) < 0.5), dtype="boolean"),
            "score": np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
            "unit": "kg",
        }
    )
    return frame, pd.Series(np.where(rare, "rare", "usual"), name="outcome")


@pytest.fixture(scope="session")
def digit_images() -> tuple[np.ndarray, np.ndarray]:
    """90 gray 8 × 8 uint8 images: bright left halves (60 of class 0), bright right halves (30 of class 1)."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 60, (90, 8, 8)).astype(np.uint8)
    images[:60, :, :4] += 150
    images[60:, :, 4:] += 150
    return images, np.repeat([0, 1], [60, 30])


@pytest.fixture
def unprivileged():
    """Do something as a user who is no superuser, for whom permissions count; `folder` stays within reach."""

    @contextmanager
    def as_nobody(folder):
        if os.geteuid() != 0:
            yield
            return
        above = [p for p in folder.parents if p.stat().st_mode & 0o5 != 0o5]
        modes = [p.stat().st_mode for p in above]
        for p in above:
            p.chmod(0o755)
        os.seteuid(65534)
        try:
            if not os.access(ganaug.__file__, os.R_OK, effective_ids=True):
                pytest.skip("the unprivileged user cannot reach the package in this folder")
            yield
        finally:
            os.seteuid(0)
            for p, mode in zip(above, modes, strict=True):
                p.chmod(mode)

    return as_nobody

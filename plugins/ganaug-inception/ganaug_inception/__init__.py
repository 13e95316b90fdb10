"""FID, KID and Inception score with the Inception-v3 network of the papers; a metric of ``ganaug.evaluate``."""

import io
import os
import pickle
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from ganaug.core.errors import ConfigError
from ganaug.evaluation.fidelity.distances import frechet_distance, inception_score, kernel_distance
from ganaug.evaluation.samples import Samples, Score, evenly
from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3, FeatureExtractorInceptionV3

VARIABLE = "GANAUG_INCEPTION_WEIGHTS"
_MOST = 1_000  # images of a set; more are thinned evenly
_BATCH = 32
_KEPT: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = {}  # features by weights and digest of the images
_MOST_KEPT = 64


def inception(real: Samples, made: Samples) -> dict[str, Score]:
    """Return FID (arXiv:1706.08500), KID (arXiv:1801.01401) and Inception score (arXiv:1606.03498).

    Images of one channel are shown as gray, of RGBA the colours. Rows have no such numbers.

    Raises
    ------
    ConfigError
        If ``GANAUG_INCEPTION_WEIGHTS`` does not name a file with the weights.
    """
    if real.encoded.ndim != 4:
        return {}
    (real_features, _), (features, logits) = (_seen(samples.encoded) for samples in (real, made))
    return {
        "FID (Inception-v3)": Score(frechet_distance(real_features, features), "lower"),
        "KID (Inception-v3)": Score(kernel_distance(real_features, features), "lower"),
        "Inception score": Score(inception_score(logits), "higher"),
    }


def _seen(encoded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return features and logits of images ``(n, channels, height, width)`` in [-1, 1]; those seen last are kept."""
    path = _weights()
    pixels = np.rint((encoded[evenly(len(encoded), _MOST), :3] + 1) * 127.5).clip(0, 255).astype(np.uint8)
    key = str(path), sha256(pixels.tobytes()).hexdigest()
    if key not in _KEPT:
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.pop(next(iter(_KEPT)))
        colour = torch.from_numpy(pixels).expand(-1, 3, -1, -1)
        with torch.no_grad():
            parts = [_network(path)(batch) for batch in colour.split(_BATCH)]
        features, logits = (torch.cat(part).double().numpy() for part in zip(*parts, strict=True))
        _KEPT[key] = features, logits
    return _KEPT[key]


def _weights() -> Path:
    path = os.environ.get(VARIABLE)
    if not path or not Path(path).is_file():
        said = f"names no file: {path}" if path else "is not set"
        raise ConfigError(
            f"the metric 'inception' needs its weights, and {VARIABLE} {said}. "
            f"Download {URL_INCEPTION_V3} once and set {VARIABLE} to that file"
        )
    return Path(path)


@lru_cache(1)
def _network(path: Path) -> FeatureExtractorInceptionV3:
    """Build the network from weights that are read as tensors alone; torch-fidelity itself would unpickle anything."""
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
        copy = io.BytesIO()
        torch.save(tensors, copy)
        copy.seek(0)
        return FeatureExtractorInceptionV3("ganaug-inception", ["2048", "logits_unbiased"], copy)
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, AttributeError, TypeError) as error:
        said = next(iter(str(error).splitlines()), type(error).__name__)
        raise ConfigError(f"{path} does not hold the weights of Inception-v3: {said}") from error

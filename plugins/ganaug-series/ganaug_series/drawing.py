"""Series as small pictures, for contact sheets and reports."""

import numpy as np
from ganaug.data.codec import Codec

_HEIGHT, _WIDTH = 48, 72  # pixels
_MARGIN = 3
_FINE = 4  # bits of a pixel that lines are drawn to
_COLOURS = ((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (184, 134, 11), (70, 90, 190))
_MAX_CHANNELS = len(_COLOURS)


def draw_series(codec: Codec, encoded: np.ndarray) -> np.ndarray:
    """Return a picture of each series, uint8 ``(n, 48, 72, 3)``: a line a channel, of the first six.

    All of one call share an axis that the 1st and 99th percentile of the values lie in.
    """
    values, lengths = _values(codec, encoded)
    low, high = _limits(values)
    return np.stack([_picture(one, n, low, high) for one, n in zip(values, lengths, strict=True)])


def draw_overview(codec: Codec, encoded: np.ndarray) -> np.ndarray:
    """Return one picture of the mean of each channel with its 10th to 90th percentile, uint8 ``(48, 72, 3)``."""
    import cv2

    values, _ = _values(codec, encoded)
    low, high = _limits(values)
    mean, below, above = values.mean(0), *np.quantile(values, [0.1, 0.9], axis=0)
    picture = _blank()
    t = values.shape[2]
    for channel in range(values.shape[1]):
        edge = np.concatenate([_points(above[channel], t, low, high), _points(below[channel], t, low, high)[::-1]])
        band = picture.copy()
        cv2.fillPoly(band, [edge], _COLOURS[channel], cv2.LINE_AA, _FINE)
        picture = cv2.addWeighted(band, 0.3, picture, 0.7, 0)
    for channel in range(values.shape[1]):
        _line(picture, mean[channel], t, low, high, channel)
    return picture


def _values(codec: Codec, encoded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    schema = codec.schema
    return encoded[:, : min(schema.channels, _MAX_CHANNELS)], codec.lengths(encoded)  # type: ignore[attr-defined]


def _limits(values: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values, [0.01, 0.99])
    room = max(0.1 * (high - low), 1e-3)
    return float(low - room), float(high + room)


def _picture(values: np.ndarray, length: int, low: float, high: float) -> np.ndarray:
    picture = _blank()
    for channel, line in enumerate(values):
        _line(picture, line[:length], values.shape[1], low, high, channel)
    return picture


def _blank() -> np.ndarray:
    return np.full((_HEIGHT, _WIDTH, 3), 255, np.uint8)


def _line(picture: np.ndarray, values: np.ndarray, timepoints: int, low: float, high: float, channel: int) -> None:
    import cv2

    points = _points(values, timepoints, low, high)
    cv2.polylines(picture, [points], False, _COLOURS[channel], 1, cv2.LINE_AA, _FINE)


def _points(values: np.ndarray, timepoints: int, low: float, high: float) -> np.ndarray:
    x = _MARGIN + np.arange(len(values)) / max(1, timepoints - 1) * (_WIDTH - 1 - 2 * _MARGIN)
    y = (high - values.clip(low, high)) / (high - low) * (_HEIGHT - 1)
    return np.rint(np.stack([x, y], axis=1) * 2**_FINE).astype(np.int32)

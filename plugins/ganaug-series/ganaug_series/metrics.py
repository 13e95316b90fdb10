"""How series move: fidelity metrics for the kind ``"series"``."""

import numpy as np
from ganaug.evaluation.samples import Samples, Score

_MAX_LAGS = 50


def autocorrelation(real: Samples, made: Samples) -> dict[str, Score]:
    """Return the mean absolute difference of autocorrelations over channels and lags of up to half the length."""
    if real.encoded.ndim != 3:
        return {}
    gaps = np.abs(autocorrelations(real.encoded) - autocorrelations(made.encoded))
    return {"autocorrelation": Score(float(gaps.mean()), "lower")}


def power_spectrum(real: Samples, made: Samples) -> dict[str, Score]:
    """Return the mean absolute difference of the logarithms of mean power over channels and frequencies, in nats."""
    if real.encoded.ndim != 3:
        return {}
    first, second = (_log_power(samples.encoded) for samples in (real, made))
    return {"power spectrum": Score(float(np.abs(first - second).mean()), "lower")}


def autocorrelations(series: np.ndarray) -> np.ndarray:
    """Return the mean autocorrelations of series ``(n, channels, timepoints)``, ``(channels, lags)``."""
    lags = min(_MAX_LAGS, series.shape[2] // 2)
    x = series - series.mean(axis=2, keepdims=True)
    variance = np.maximum(np.square(x).mean(axis=2), 1e-6)
    found = [(x[:, :, lag:] * x[:, :, :-lag]).sum(axis=2) / x.shape[2] / variance for lag in range(1, lags + 1)]
    return np.stack(found, axis=2).mean(axis=0)


def _log_power(series: np.ndarray) -> np.ndarray:
    """Return the logarithm of the mean power of each channel and frequency but the mean's."""
    power = np.square(np.abs(np.fft.rfft(series, norm="ortho")))[:, :, 1:].mean(axis=0)
    return np.log(power + 1e-6 * power.mean(axis=1, keepdims=True) + 1e-12)

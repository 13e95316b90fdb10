"""Measure a restorer beside classical methods on held-out images: PSNR, SSIM, and distance in a classifier's features.

    python benchmarks/restoration.py images/trashnet32.npz --task superres
    python benchmarks/restoration.py photographs --task denoise     # scikit-learn's two sample photographs

Classical: bicubic (OpenCV), non-local means and total variation (scikit-image), Telea (OpenCV). The weight of total
variation and the strength of non-local means are those that are best on the held-out images: in their favour.
Prints one JSON line.
"""

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from ganaug.data.image.pixels import to_floats, to_uint8
from ganaug.models.noise import Noise
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

from ganaug_translate import RestorationConfig, train_restorer
from ganaug_translate.degrade import degrade

_MAX_HELD = 200  # images that are judged
_STRENGTHS = 0.6, 0.8, 1.0  # of non-local means, times the noise
_WEIGHTS = 0.05, 0.1, 0.15, 0.2  # of total variation


def load(data):
    """Return training images and held-out ones, uint8 ``(n, H, W)`` or ``(n, H, W, 3)``, and labels if there are."""
    if data == "photographs":
        from sklearn.datasets import load_sample_images

        first, second = load_sample_images().images  # learnt from one, judged on pieces of the other
        pieces = [second[top : top + 96, left : left + 96] for top in range(0, 400, 96) for left in range(0, 600, 96)]
        return first[None], np.stack(pieces[:20]), None
    found = np.load(data)
    held = np.flatnonzero(found["split"] == 1)
    held = held[np.linspace(0, len(held) - 1, min(len(held), _MAX_HELD)).astype(int)]
    return found["images"][found["split"] == 0], found["images"][held], found["labels"]


def spoil(images, config):
    """Return spoilt images ``(n, H, W[, C])`` uint8, and masks or None."""
    x = images[:, None] if images.ndim == 3 else np.moveaxis(images, -1, 1)
    spoilt = degrade(torch.from_numpy(to_floats(x)), config, Noise("cpu", 1))
    masks = None
    if config.network == "inpaint":
        spoilt, masks = spoilt[:, :-1], spoilt[:, -1].numpy() > 0
    pixels = to_uint8(spoilt.clamp(-1, 1).numpy())
    return (pixels[:, 0] if images.ndim == 3 else np.moveaxis(pixels, 1, -1)), masks


def classical(spoilt, masks, config, images):
    """Return what classical methods make of spoilt images, by name."""
    channel_axis = None if images.ndim == 3 else -1
    if config.network == "superres":
        height, width = images.shape[1:3]
        large = [cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC) for image in spoilt]
        return {"bicubic": np.stack(large)}
    if config.network == "inpaint":
        filled = [
            cv2.inpaint(np.ascontiguousarray(image), mask.astype(np.uint8), 3, cv2.INPAINT_TELEA)
            for image, mask in zip(spoilt, masks, strict=True)
        ]
        return {"Telea": np.stack(filled)}
    if config.network == "deblur":
        sharpened = [
            cv2.addWeighted(image, 2.0, cv2.GaussianBlur(image, (0, 0), config.blur), -1.0, 0) for image in spoilt
        ]
        return {"unsharp mask": np.stack(sharpened), "as it is": spoilt}
    x = spoilt / 255.0
    sigma = config.sigma / 255
    means = {
        h: np.stack(
            [
                denoise_nl_means(
                    image, patch_size=3, patch_distance=7, h=h * sigma, sigma=sigma, channel_axis=channel_axis
                )
                for image in x
            ]
        )
        for h in _STRENGTHS
    }
    variation = {
        w: np.stack([denoise_tv_chambolle(image, weight=w, channel_axis=channel_axis) for image in x]) for w in _WEIGHTS
    }
    best = {
        name: max(tried.values(), key=lambda made: psnr(images, (made * 255).round().clip(0, 255).astype(np.uint8)))
        for name, tried in (("non-local means", means), ("total variation", variation))
    }
    return {name: (made * 255).round().clip(0, 255).astype(np.uint8) for name, made in best.items()}


def psnr(images, made):
    """Return the mean peak signal-to-noise ratio, dB."""
    return float(np.mean([peak_signal_noise_ratio(a, b, data_range=255) for a, b in zip(images, made, strict=True)]))


def ssim(images, made):
    """Return the mean structural similarity."""
    axis = None if images.ndim == 3 else -1
    pairs = zip(images, made, strict=True)
    return float(np.mean([structural_similarity(a, b, data_range=255, channel_axis=axis) for a, b in pairs]))


def measure(arguments):
    """Train, restore, compare."""
    taught, images, _ = load(arguments.data)
    settings = {"max_steps": arguments.steps, **json.loads(arguments.settings)}
    variants = {"L1": 0.0} | ({"L1 + adversarial": arguments.weight} if arguments.weight else {})
    own = {name: value for name, value in settings.items() if name in RestorationConfig.model_fields}
    config = RestorationConfig(network=arguments.task, **own)
    spoilt, masks = spoil(images, config)
    made = classical(spoilt, masks, config, images)
    seconds = {}
    for name, weight in variants.items():
        start = time.process_time()
        restorer = train_restorer(
            list(taught), task=arguments.task, adversarial_weight=weight, random_state=0, **settings
        )
        seconds[name] = round(time.process_time() - start)
        made[name] = restorer.apply(spoilt, masks=masks)
    table = {name: {"PSNR": psnr(images, result), "SSIM": ssim(images, result)} for name, result in made.items()}
    if arguments.data != "photographs":
        add_feature_distances(table, made, images, arguments.data)
    if arguments.preview:
        preview(spoilt, made, images).save(arguments.preview)
    print(json.dumps({"data": Path(arguments.data).stem, "task": arguments.task, "CPU seconds": seconds, **table}))


def add_feature_distances(table, made, images, data):
    """Add distances in the features of a classifier: image by image, and Fréchet."""
    from ganaug.data.encoded import encode
    from ganaug.evaluation.features import Features
    from ganaug.evaluation.fidelity.distances import frechet_distance

    found = np.load(data)
    learnt = encode(found["images"][found["split"] == 0], found["labels"][found["split"] == 0])
    features, _ = Features.fit(learnt.floats(), learnt.c, learnt.codec.spans, learnt.kind, network=None, seed=0)
    real = features(learnt.codec.encode(images), np.zeros(len(images), int)).features
    for name, result in made.items():
        own = features(learnt.codec.encode(result), np.zeros(len(images), int)).features
        table[name]["feature distance"] = float(np.linalg.norm(own - real, axis=1).mean())
        table[name]["Fréchet"] = frechet_distance(real, own)


def preview(spoilt, made, images, n=10):
    """Return a picture: a row for what is spoilt, for each method, and for the truth."""
    from PIL import Image, ImageDraw

    side = max(64, images.shape[1])
    rows = {"spoilt": spoilt, **made, "truth": images}
    sheet = Image.new("RGB", (110 + n * (side + 2), len(rows) * (side + 2)), "white")
    for i, (name, pictures) in enumerate(rows.items()):
        ImageDraw.Draw(sheet).text((2, i * (side + 2) + side // 2 - 6), name, fill="black")
        for k, picture in enumerate(pictures[np.linspace(0, len(pictures) - 1, n).astype(int)]):
            tile = Image.fromarray(picture).convert("RGB").resize((side, side), Image.Resampling.NEAREST)
            sheet.paste(tile, (110 + k * (side + 2), i * (side + 2)))
    return sheet


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--task", required=True)
    parser.add_argument("--steps", type=int, default=1_500)
    parser.add_argument("--weight", type=float, default=0.0, help="adversarial; 0: L1 alone")
    parser.add_argument("--settings", default="{}", help="JSON")
    parser.add_argument("--preview")
    measure(parser.parse_args())

"""Measure a translation beside a GAN that draws from noise, at equal CPU time, on held-out images.

    python benchmarks/translation.py images/kmnist.npz --from 0 --to 1

The file holds `images`, `labels`, `split` (0: learnt from, 1: held out) and `class_names`. Prints one JSON line.
"""

import argparse
import json
import time
from pathlib import Path

import ganaug
import numpy as np
import torch
from ganaug.data.encoded import encode
from ganaug.evaluation.features import Features
from ganaug.evaluation.fidelity.c2st import c2st_auc
from ganaug.evaluation.fidelity.distances import frechet_distance
from ganaug.training.callbacks import Callback

from ganaug_translate import train_translator
from ganaug_translate.preview import before_and_after


class CPUBudget(Callback):
    """Ends a training after so many seconds of CPU."""

    def __init__(self, seconds):
        self.end = time.process_time() + seconds

    def on_step(self, trainer):
        """Look at the clock."""
        if time.process_time() > self.end:
            trainer.stop_reason = "budget spent"


def measure(arguments):
    """Train on the training part, measure on the held-out part."""
    data = np.load(arguments.data)
    names = [str(name) for name in data["class_names"]]
    source, target = (
        names.index(name) if name in names else int(name) for name in (arguments.source, arguments.target)
    )
    images, labels = data["images"], data["labels"]
    is_held = (data["split"] if "split" in data else np.zeros(len(labels))) == 1
    taught, held = encode(images[~is_held], labels[~is_held]), encode(images[is_held], labels[is_held])

    start = time.process_time()
    translator = train_translator(
        images[~is_held],
        labels[~is_held],
        source=source,
        target=target,
        method=arguments.method,
        pretrained=arguments.pretrained,
        max_steps=arguments.steps,
        random_state=arguments.seed,
        **json.loads(arguments.settings),
    )
    seconds = time.process_time() - start
    judge, real, before = Judge(taught, held.of_class(target), target), held.of_class(target), held.of_class(source)
    after = translator.codec.encode(translator.apply(images[is_held][held.c == source]))
    found = {
        "data": Path(arguments.data).stem,
        "from": names[source],
        "to": names[target],
        "method": arguments.method,
        "steps": translator.step,
        "CPU seconds": seconds,
        "steps a second": translator.step / seconds,
        "own source nearest": nearest_is_own(before, after),
        "translated": judge(after),
        "unseen real images": {"called target": judge.called(real)},
        "real training images": judge(taught.of_class(target)),
        "source images as they are": judge(before),
    }
    if arguments.method == "cyclegan":
        back = translator.codec.encode(translator.apply(translator.codec.decode(after, None), to=translator.source))
        found["cycle L1"] = float(np.abs(back - before).mean())
    if not arguments.alone:
        drawn = draw_from_noise(images[~is_held], labels[~is_held], target, len(after), seconds, arguments.seed)
        found["GAN from noise"] = judge(drawn)
    if arguments.preview:
        before_and_after(before, after, real=real).save(arguments.preview)
    if arguments.save:
        translator.save(arguments.save, overwrite=True)
    print(json.dumps(found))


class Judge:
    """Compares images with unseen real ones of the target class, in the features of a classifier of all classes."""

    def __init__(self, taught, real, target):
        self.target = target
        self.features, _ = Features.fit(
            taught.floats(), taught.c, taught.codec.spans, taught.kind, network=None, seed=0
        )
        self.real = self._seen(real).features

    def __call__(self, images):
        """Return the share that is called the target class, C2ST and Fréchet distance."""
        made = self._seen(images).features
        return {
            "called target": self.called(images),
            "C2ST AUC": c2st_auc(self.real, made),
            "Fréchet": frechet_distance(self.real, made),
        }

    def called(self, images):
        """Return the share of images that are called the target class."""
        return float((self._seen(images).logits.argmax(1) == self.target).mean())

    def _seen(self, images):
        return self.features(images, np.full(len(images), self.target))


def draw_from_noise(X, y, target, n, seconds, seed):
    """Return n images of the target class by a GAN that trains for so many seconds of CPU."""
    gan = ganaug.train(X, y, max_steps=10**6, callbacks=[CPUBudget(seconds)], random_state=seed)
    return gan.encoded(np.full(n, target), np.random.default_rng(0))


def nearest_is_own(before, after):
    """Return the share of translations whose nearest source image, pixel by pixel, is the one that they are of."""
    distances = torch.cdist(torch.from_numpy(after).flatten(1), torch.from_numpy(before).flatten(1))
    return float((distances.argmin(1) == torch.arange(len(after))).float().mean())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--from", dest="source", required=True)
    parser.add_argument("--to", dest="target", required=True)
    parser.add_argument("--method", default="cut")
    parser.add_argument("--steps", type=int, default=3_000)
    parser.add_argument("--settings", default="{}", help="JSON")
    parser.add_argument("--pretrained")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--preview")
    parser.add_argument("--save")
    parser.add_argument("--alone", action="store_true", help="without the GAN from noise")
    measure(parser.parse_args())

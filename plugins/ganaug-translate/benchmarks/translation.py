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
    split = data["split"] if "split" in data else np.zeros(len(data["labels"]))
    names = [str(name) for name in data["class_names"]]
    source, target = (
        names.index(name) if name in names else int(name) for name in (arguments.source, arguments.target)
    )
    taught, held = (encode(data["images"][split == part], data["labels"][split == part]) for part in (0, 1))
    real = held.own(target)

    start = time.process_time()
    settings = json.loads(arguments.settings)
    translator = train_translator(
        data["images"][split == 0],
        data["labels"][split == 0],
        source=source,
        target=target,
        method=arguments.method,
        pretrained=arguments.pretrained,
        max_steps=arguments.steps,
        random_state=arguments.seed,
        **settings,
    )
    seconds = time.process_time() - start
    before = held.own(source)
    after = translator.codec.encode(translator.apply(data["images"][split == 1][held.c == source]))

    features, _ = Features.fit(taught.floats(), taught.c, taught.codec.spans, taught.kind, network=None, seed=0)

    def seen(images):
        return features(images, np.full(len(images), target))

    called = {
        name: float((seen(images).logits.argmax(1) == target).mean())
        for name, images in {"real": real, "translated": after, "untranslated": before}.items()
    }
    real_features = seen(real).features

    def compare(images):
        made = seen(images).features
        return {"C2ST AUC": c2st_auc(real_features, made), "Fréchet": frechet_distance(real_features, made)}

    found = {
        "data": Path(arguments.data).stem,
        "from": names[source],
        "to": names[target],
        "method": arguments.method,
        "steps": translator.step,
        "CPU seconds": seconds,
        "steps a second": translator.step / seconds,
        "called target": called,
        "own source nearest": nearest_is_own(before, after),
        "translated": compare(after),
        "real training images": compare(taught.own(target)),
        "source images as they are": compare(before),
    }
    if arguments.method == "cyclegan":
        back = translator.codec.encode(translator.apply(translator.codec.decode(after, None), to=translator.source))
        found["cycle L1"] = float(np.abs(back - before).mean())
    if not arguments.alone:
        budget = CPUBudget(seconds)
        gan = ganaug.train(
            data["images"][split == 0],
            data["labels"][split == 0],
            max_steps=10**6,
            callbacks=[budget],
            random_state=arguments.seed,
        )
        drawn = gan.encoded(np.full(len(after), target), np.random.default_rng(0))
        found["GAN from noise"] = compare(drawn) | {
            "called target": float((seen(drawn).logits.argmax(1) == target).mean())
        }
    if arguments.preview:
        before_and_after(before, after, real=real).save(arguments.preview)
    if arguments.save:
        translator.save(arguments.save, overwrite=True)
    print(json.dumps(found))


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

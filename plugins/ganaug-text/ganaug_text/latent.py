"""Texts that a GAN makes, by way of the points of an autoencoder."""

from typing import Self

import numpy as np
from ganaug.data.encoded import Encoded
from ganaug.oversampling.sources import GANSource
from ganaug.training.train import train_encoded

from ganaug_text.autoencoder import Autoencoder
from ganaug_text.codec import TextCodec
from ganaug_text.sources import Critic
from ganaug_text.tokens import PAD

_STEPS_A_STEP = 2.0  # of the autoencoder, for one of the GAN
_ROUNDS = 3


class LatentGAN(GANSource):
    """An autoencoder learns all texts, a conditional GAN its points; a `Critic` leaves out copies and other classes.

    After ARAE (Zhao et al. 2018, arXiv:1706.04223), the two learnt one after the other. What is missing after three
    rounds are real texts again.
    """

    def fit(self, data: Encoded, rng: np.random.Generator) -> Self:
        """Train the autoencoder, then the GAN."""
        if self.pretrained is not None:
            raise NotImplementedError("latent-gan starts from scratch; leave pretrained out")
        self.data, ids = data, data.x.astype(np.int64)
        steps = self.config.max_steps
        wanted = data.kind.settings(data.codec, data.classes, "cpu", "oversampling")["max_steps"]
        share = 1.0 if steps == "auto" else min(1.0, steps / wanted)
        vocabulary = len(data.codec.vocabulary)  # type: ignore[attr-defined]
        autoencoder = Autoencoder.fit(ids, vocabulary, steps=max(1, round(share * _STEPS_A_STEP * wanted)))
        self.codec = TextCodec(data.codec.schema, data.codec.vocabulary, autoencoder)  # type: ignore[attr-defined]
        points = Encoded(autoencoder.encode(ids), data.c, self.codec, data.classes)
        self.gan = train_encoded(points, self.config, random_state=rng)
        self.critic = Critic(ids, data.c)
        return self

    def draw(self, condition: int, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n texts, ``(n, words)`` float32."""
        width = self.data.x.shape[1]
        accepted, missing = [np.empty((0, width), np.int64)], n
        for _ in range(_ROUNDS):
            if missing <= 0:
                break
            points = self.gan.encoded(np.full(max(16, 2 * missing), condition), rng)
            written = self.codec.autoencoder.decode(points)[:, :width]  # type: ignore[union-attr]
            ids = np.pad(written, ((0, 0), (0, width - written.shape[1])), constant_values=PAD)
            good = ids[self.critic.accepts(ids, condition)][:missing]
            accepted.append(good)
            missing -= len(good)
        own = self.data.of_class(condition).astype(np.int64)
        accepted.append(own[rng.integers(len(own), size=max(0, missing))])
        return np.concatenate(accepted)[rng.permutation(n)].astype(np.float32)

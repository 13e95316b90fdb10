"""Points that texts are written from: a small recurrent autoencoder."""

import base64
from typing import Any, Self

import numpy as np
import torch
from ganaug.core.threads import threads
from torch import Tensor, nn
from torch.nn import functional as F

from ganaug_text.tokens import FIRST, PAD, UNKNOWN

_MAX_VOCABULARY = 2_500  # the most frequent words; rarer ones are not written
_MAX_WORDS = 32
_EMBEDDING, _HIDDEN, _LATENT = 64, 128, 48
_BATCH = 32
_STEPS = 1_200
_LEARNING_RATE = 3e-3
_NOISE = 0.2  # standard deviation of what is added to points while learning: near ones must give near texts
_FORGOTTEN = 0.3  # share of the words before that the writer does not see: it has to look at the point
_AT_ONCE = 500


class _Networks(nn.Module):
    def __init__(self, n_words: int, latent_dim: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_words, _EMBEDDING)
        self.reader = nn.GRU(_EMBEDDING, _HIDDEN, batch_first=True)
        self.to_point = nn.Linear(_HIDDEN, latent_dim)
        self.from_point = nn.Linear(latent_dim, _HIDDEN)
        self.writer = nn.GRU(_EMBEDDING + latent_dim, _HIDDEN, batch_first=True)
        self.to_embedding = nn.Linear(_HIDDEN, _EMBEDDING)
        self.bias = nn.Parameter(torch.zeros(n_words))

    def point(self, ids: Tensor) -> Tensor:
        lengths = (ids != PAD).sum(1).clamp_min(1)
        states, _ = self.reader(self.embedding(ids))
        last = states[torch.arange(len(ids)), lengths - 1]
        return F.normalize(self.to_point(last), dim=1) * self.to_point.out_features**0.5

    def write(self, before: Tensor, point: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return logits of the next words, and the state, from the words before ``(n, k)``."""
        if state is None:
            state = torch.tanh(self.from_point(point))[None].contiguous()
        points = point[:, None].expand(-1, before.shape[1], -1)
        hidden, state = self.writer(torch.cat([self.embedding(before), points], 2), state)
        return self.to_embedding(hidden) @ self.embedding.weight.T + self.bias, state


class Autoencoder:
    """Texts ↔ points on a sphere, learnt from all texts of a data set whatever their class.

    The autoencoder of ARAE (Zhao et al. 2018, arXiv:1706.04223), on words; that its points are made like those of
    another distribution is left to the GAN that learns them.
    """

    def __init__(self, n_words: int, latent_dim: int = _LATENT, seed: int = 0) -> None:
        self.n_words, self.latent_dim = n_words, latent_dim
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self.networks = _Networks(n_words, latent_dim)

    @classmethod
    def fit(cls, ids: np.ndarray, vocabulary: int, *, steps: int = _STEPS, seed: int = 0) -> Self:
        """Learn from numbers of words ``(n, words)``.

        Parameters
        ----------
        ids : ndarray of int
        vocabulary : int
            Different words there are, whose numbers are ordered by frequency.
        steps : int
            Of 32 texts.
        seed : int
        """
        found = cls(FIRST + min(vocabulary, _MAX_VOCABULARY), seed=seed)
        networks, x = found.networks.train(), found._cut(ids)
        random = torch.Generator().manual_seed(seed)
        optimizer = torch.optim.Adam(networks.parameters(), _LEARNING_RATE)
        with threads(1):
            for step in range(steps):
                for group in optimizer.param_groups:
                    group["lr"] = _LEARNING_RATE * (1 - 0.9 * step / steps)
                batch = x[torch.randint(len(x), (_BATCH,), generator=random)]
                batch = batch[:, : int((batch != PAD).sum(1).max()) + 1]  # one more: where a text ends is learnt too
                point = networks.point(batch)
                point = point + _NOISE * torch.randn(point.shape, generator=random)
                before = F.pad(batch[:, :-1], (1, 0), value=PAD)
                forgotten = torch.rand(before.shape, generator=random) < _FORGOTTEN
                logits, _ = networks.write(before.masked_fill(forgotten, UNKNOWN), point)
                ended = F.pad(batch[:, :-1] == PAD, (1, 0))  # after the end nothing is asked
                loss = F.cross_entropy(logits[~ended], batch[~ended])
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(networks.parameters(), 5.0)
                optimizer.step()
        networks.eval()
        return found

    @torch.no_grad()
    def encode(self, ids: np.ndarray) -> np.ndarray:
        """Return points ``(n, latent_dim)`` float32."""
        with threads(1):
            return torch.cat([self.networks.point(part) for part in self._cut(ids).split(_AT_ONCE)]).numpy()

    @torch.no_grad()
    def decode(self, points: np.ndarray) -> np.ndarray:
        """Return the words that are likeliest one after the other, ``(n, words)`` int64; no text is empty."""
        with threads(1):
            return np.concatenate([self._write(part) for part in torch.from_numpy(points).float().split(_AT_ONCE)])

    def _write(self, points: Tensor) -> np.ndarray:
        words = torch.full((len(points), _MAX_WORDS), PAD)
        points = F.normalize(points, dim=1) * self.latent_dim**0.5
        word, state, ended = words[:, :1], None, torch.zeros(len(points), dtype=torch.bool)
        for k in range(_MAX_WORDS):
            logits, state = self.networks.write(word, points, state)
            logits[:, :, UNKNOWN] = -torch.inf
            if k == 0:
                logits[:, :, PAD] = -torch.inf
            word = logits.argmax(2).masked_fill(ended[:, None], PAD)
            words[:, k] = word[:, 0]
            ended |= word[:, 0] == PAD
        return words.numpy()

    def _cut(self, ids: np.ndarray) -> Tensor:
        x = torch.from_numpy(ids[:, :_MAX_WORDS])
        x = F.pad(x, (0, 1), value=PAD)
        return x.masked_fill(x >= self.n_words, UNKNOWN)

    def to_json(self) -> dict[str, Any]:
        """Return the weights as plain data: half precision, base 64."""
        arrays = {name: t.detach().numpy().astype(np.float16) for name, t in self.networks.state_dict().items()}
        weights = {name: [list(a.shape), base64.b64encode(a.tobytes()).decode()] for name, a in arrays.items()}
        return {"n_words": self.n_words, "latent_dim": self.latent_dim, "weights": weights}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild an autoencoder."""
        found = cls(int(state["n_words"]), int(state["latent_dim"]))
        found.networks.load_state_dict(
            {
                name: torch.from_numpy(
                    np.frombuffer(base64.b64decode(text), np.float16).astype(np.float32).reshape(shape)
                )
                for name, (shape, text) in state["weights"].items()
            }
        )
        found.networks.eval()
        return found

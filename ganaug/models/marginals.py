"""What each column of a class looks like by itself: put right once a generator of rows is trained."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ganaug.data.codec import Span

_KNOTS = 65
_MIN_ROWS = 8  # real rows that a column's curve or shares are fitted to; with fewer they stay as they are
_REACH = 0.5  # of a class's rows: knots of a curve, so that it follows the distribution, not the rows
_FARTHEST = 5.0  # that a level's score is moved


class Marginals(nn.Module):
    """For each class, a monotone curve for each number and a score for each level of a category.

    Boosted trees tell synthetic rows from real ones by single columns first; matching their quantiles and shares, which
    training leaves a little off, takes that away. Both start as no change.
    """

    made: Tensor
    real: Tensor
    scores: Tensor

    def __init__(self, spans: Sequence[Span], n_classes: int) -> None:
        super().__init__()
        self.numbers = [span.start for span in spans if span.activation != "softmax"]
        self.states = [state_of(spans, i) for i, span in enumerate(spans) if span.activation != "softmax"]
        self.levels = [slice(span.start, span.start + span.dim) for span in spans if span.activation == "softmax"]
        identity = torch.linspace(-1, 1, _KNOTS).expand(n_classes, len(self.numbers), _KNOTS)
        self.register_buffer("made", identity.clone())
        self.register_buffer("real", identity.clone())
        self.register_buffer("scores", torch.zeros(n_classes, sum(span.dim for span in spans)))

    def forward(self, row: Tensor, c: Tensor) -> Tensor:
        """Move the numbers of ``row (batch, row_dim)``; beyond a curve's ends they are shifted as the ends are."""
        row = row + self.scores[c]
        if not self.numbers:
            return row
        for condition in c.unique().tolist():
            of_class = (c == condition).nonzero()[:, 0]
            made, real = self.made[condition], self.real[condition]
            values = row[of_class][:, self.numbers].T.contiguous()  # (numbers, batch of the class)
            above = torch.searchsorted(made, values).clamp(1, _KNOTS - 1)
            low, high = made.gather(1, above - 1), made.gather(1, above)
            share = (values - low) / (high - low).clamp_min(1e-6)
            beyond = torch.where(share < 0, values - low, torch.where(share > 1, values - high, 0))
            curved = torch.lerp(real.gather(1, above - 1), real.gather(1, above), share.clamp(0, 1)) + beyond
            row[of_class[:, None], torch.tensor(self.numbers, device=row.device)] = curved.T
        return row

    def reset(self, condition: int) -> None:
        """Change nothing of a class."""
        self.made[condition] = self.real[condition] = torch.linspace(-1, 1, _KNOTS)
        self.scores[condition] = 0

    def fit_numbers(self, condition: int, made: Tensor, real: Tensor) -> None:
        """Set a class's curves from rows that the generator made and real ones, ``(n, row_dim)``, both one-hot."""
        for k, (number, state) in enumerate(zip(self.numbers, self.states, strict=True)):
            known = [rows[rows[:, state] > 0.5 if state is not None else slice(None), number] for rows in (made, real)]
            if min(map(len, known)) < _MIN_ROWS:
                continue
            levels = np.linspace(0, 1, max(3, min(_KNOTS, int(_REACH * len(known[1])))))
            levels = np.interp(np.linspace(0, 1, _KNOTS), np.linspace(0, 1, len(levels)), levels)
            for curve, values in zip((self.made, self.real), known, strict=True):
                curve[condition, k] = torch.from_numpy(np.quantile(values.double().cpu().numpy(), levels))

    def fit_levels(self, condition: int, made: Tensor, real: Tensor) -> None:
        """Move a class's scores towards the shares of levels in real rows; to be repeated, as levels compete."""
        if len(real) < _MIN_ROWS:
            return
        for levels in self.levels:
            wanted, found = (_shares(rows[:, levels]) for rows in (real, made))
            moved = self.scores[condition, levels] + torch.log(wanted / found)
            self.scores[condition, levels] = moved.clamp(-_FARTHEST, _FARTHEST)


def _shares(one_hot: Tensor) -> Tensor:
    """Return the share of each level, ``(dim,)``, as if half a row more had each."""
    return (one_hot.sum(0) + 0.5) / (len(one_hot) + 0.5 * one_hot.shape[1])


def state_of(spans: Sequence[Span], i: int) -> int | None:
    """Return the entry that says whether the i-th span's number is known; None: it always is."""
    following = spans[i + 1] if i + 1 < len(spans) else None
    is_state = following is not None and following.activation == "softmax" and following.column == spans[i].column
    return following.start if is_state and following is not None else None

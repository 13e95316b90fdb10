import numpy as np
import pandas as pd

from ganaug.evaluation.comparison.result import choose


def test_the_simplest_wins_ties_and_what_is_surely_better_wins():
    noise = np.random.default_rng(0).normal(0, 0.01, (25, 3))
    names = ["nothing", "moved threshold", "GANOverSampler"]
    for means, remedy in (
        ([0.6, 0.6, 0.605], "nothing"),
        ([0.6, 0.7, 0.705], "moved threshold"),
        ([0.6, 0.7, 0.9], "GANOverSampler"),
        ([0.6, 0.5, 0.4], "nothing"),
    ):
        assert choose(pd.DataFrame(noise + means, columns=names), 0.25)[0] == remedy

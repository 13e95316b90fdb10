import numpy as np

from ganaug.data.encoded import encode
from ganaug.oversampling.holdout import find_clusters, hold_out


def test_rare_classes_judge_by_thirds_and_frequent_ones_are_thinned_in_turn():
    c = np.random.default_rng(0).permutation(np.repeat([0, 1, 2, 3, 4], [100, 90, 80, 24, 8]))
    rounds = [hold_out(c, np.arange(len(c)), np.array([3, 4]), number, seed=1) for number in range(2)]
    assert [now.thinned.tolist() for now in rounds] == [[0, 2], [1]]
    taught, held = ([np.bincount(c[now[side]]).tolist() for now in rounds] for side in (0, 1))
    assert taught == [[8, 60, 24, 16, 8], [67, 8, 54, 16, 8]]  # the smallest class is taught whole
    assert held == [[92, 30, 56, 8], [33, 82, 26, 8]]
    for now in rounds:
        assert len(np.union1d(now.taught, now.held)) == len(c) and not np.intersect1d(now.taught, now.held).size
    twice = np.intersect1d(rounds[0].held, rounds[1].held)
    assert not (c[twice] == 3).any()  # each image of a rare class judges once at most


def test_one_frequent_class_is_left_whole_and_very_large_ones_do_not_judge_with_all():
    c = np.repeat([0, 1, 2], [2_000, 30, 20])
    now = hold_out(c, np.arange(len(c)), np.array([1, 2]), 0, seed=1)
    assert not len(now.thinned) and np.bincount(c[now.held]).tolist() == [300, 10, 6]


def test_photos_of_one_object_are_on_one_side():
    rng = np.random.default_rng(0)
    objects = rng.uniform(0, 200, (30, 12, 12))
    photos = (objects[:, None] * rng.uniform(0.7, 1, (30, 5, 1, 1)) + rng.normal(0, 15, (30, 5, 12, 12))).clip(0, 255)
    y = np.repeat([0, 1], [18 * 5, 12 * 5])
    data = encode(photos.reshape(-1, 12, 12).astype(np.uint8), y)
    clusters = find_clusters(data)
    assert len(np.unique(clusters)) == 30 and (clusters.reshape(30, 5) == clusters[::5, None]).all()
    for number in range(2):
        now = hold_out(data.c, clusters, np.array([1]), number, seed=3)
        assert not np.intersect1d(clusters[now.taught], clusters[now.held]).size
        assert 15 <= (data.c[now.held] == 1).sum() <= 25


def test_a_class_that_is_all_alike_is_split_anyway():
    c = np.repeat([0, 1], [60, 30])
    for number in range(2):
        now = hold_out(c, c, np.array([1]), number, seed=0)
        assert np.bincount(c[now.taught]).tolist() == [40, 20]

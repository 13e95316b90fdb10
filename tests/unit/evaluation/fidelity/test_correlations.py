import numpy as np
from sklearn.metrics import mutual_info_score

from ganaug.evaluation.fidelity import correlations as pairs


def test_correlations_equal_numpy(clouds):
    numbers = clouds(dim=4)[0]
    expected = np.corrcoef(numbers, rowvar=False)[np.triu_indices(4, 1)]
    np.testing.assert_allclose(pairs.correlations(numbers), expected, atol=1e-9)
    constant = np.column_stack([numbers[:, 0], np.full(len(numbers), 0.1)]).astype(np.float32)
    assert pairs.correlations(constant).tolist() == [0]


def test_mutual_information_equals_scikit_learn():
    rng = np.random.default_rng(0)
    codes = [rng.integers(0, 4, 300), rng.integers(0, 3, 300)]
    codes.append((codes[0] + codes[1] + (rng.random(300) < 0.2)) % 5)
    found = pairs.mutual_information([np.eye(k)[code] for code, k in zip(codes, (4, 3, 5), strict=True)])
    expected = [mutual_info_score(codes[i], codes[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_pairs_of_equal_tables_do_not_differ(tables):
    _, _, a, b, _ = tables
    assert {score.value for score in pairs.measure_correlations(a, a).values()} == {0.0}
    assert pairs.measure_correlations(a, b)["mutual information difference"].value > 0.01

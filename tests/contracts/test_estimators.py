"""Other people's checks: imbalanced-learn's and scikit-learn's on GANOverSampler.

None of scikit-learn's ever calls ``_fit_resample``: a broken GAN would pass them. imbalanced-learn's do.
"""

import pytest
from imblearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_param_validation,
    parametrize_with_checks as imblearn_checks,
)
from sklearn.utils.estimator_checks import parametrize_with_checks as sklearn_checks

from ganaug import GANOverSampler

SAMPLER = GANOverSampler(max_steps=3, random_state=0)


@imblearn_checks([SAMPLER])
def test_imblearn(estimator, check):
    check(estimator)


@sklearn_checks([SAMPLER])
def test_sklearn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("check", [check_param_validation, check_dataframe_column_names_consistency])
def test_left_out_by_the_decorators(check):
    check("GANOverSampler", SAMPLER)

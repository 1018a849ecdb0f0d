"""Which columns separate: few names, and those that do."""

import numpy as np
import pytest

import mlefit
from failing import flagged

rng = np.random.default_rng(0)


@pytest.mark.parametrize("n", [150, 600])
def test_one_of_many_columns_separates(n):
    x = rng.normal(size=(n, 46))
    result = flagged(r"direction of slope\[3\]: no finite", mlefit.LogisticRegression(), x, x[:, 3] > 0)
    assert result.message.count("slope[") == 1


def test_more_columns_than_a_sentence_holds():
    x = rng.normal(size=(60, 46))  # so many tell any sixty outcomes apart
    result = flagged("and [0-9]+ more: no finite", mlefit.LogisticRegression(), x, rng.random(60) < 0.5)
    assert result.message.count("slope[") == 5


def test_two_columns_that_separate_together():
    x = rng.normal(size=(300, 8))
    flagged(
        r"direction of slope\[2\] and slope\[5\]: no finite",
        mlefit.LogisticRegression(),
        x,
        x[:, 2] > x[:, 5],
    )


def test_a_group_without_counts_and_outcomes_all_alike():
    group = (np.arange(80) % 4 == 0).astype(float)
    x = np.column_stack([rng.normal(size=80), group])
    counts = np.where(group == 1, 0, rng.poisson(3.0, 80))
    flagged(r"direction of slope\[1\]: no finite", mlefit.PoissonRegression(), x, counts)
    flagged("direction of intercept: no finite", mlefit.LogisticRegression(), x, np.ones(80))

"""reference/certified.md against NIST's own files, exact arithmetic, and fits made anew."""

import numpy as np
import pytest

import certify
import nist

PAGE = "reference/certified.md"


def test_norris_by_hand_has_the_digits_that_exact_arithmetic_allows(page):
    names = page(PAGE)
    np.testing.assert_array_equal(np.transpose([names["estimates"], names["errors"]]), nist.NORRIS)
    exact, _, _ = nist.exact(np.column_stack([names["x"], np.ones(names["n"])]), names["y"])
    np.testing.assert_allclose(names["at_best"], exact, rtol=2e-16)
    row = certify.linear("Norris")
    assert names["digits_at_best"] == pytest.approx(row["possible"][0], abs=0.01)
    assert names["digits_found"] == pytest.approx(row["estimates"], abs=0.01)
    assert names["digits_errors"] == pytest.approx(row["errors"], abs=0.01)
    assert names["digits_textbook"] == pytest.approx(12, abs=0.5)


def test_boxbod_by_hand_has_the_data_of_nist_and_its_digits(page):
    names, problem, row = page(PAGE), nist.nonlinear("BoxBOD"), certify.nonlinear("BoxBOD", 1)
    np.testing.assert_array_equal([names["day"], names["demand"]], [problem.x, problem.y])
    assert list(problem.starts[0]) == [1.0, 1.0]
    expected, observed = names["digits_curve"]["expected"], names["digits_curve"]["observed"]
    np.testing.assert_allclose(expected, [row["estimates"], row["errors"]], atol=0.2)
    assert observed[0] == pytest.approx(expected[0], abs=0.2) and observed[1] < 2


def test_what_the_page_says_of_the_others():
    """Three errors, two wrong answers, one of them without a word, and Filip's digits."""
    first = [certify.nonlinear(name, 1) for name in certify.MODELS]
    assert sum((row["scipy"][0] or 0) >= 4 for row in first) == 21
    assert [row["set"] for row in first if row["scipy_says"] == "raises"] == ["Bennett5", "MGH09", "MGH10"]
    wrong = {row["set"]: row["scipy_says"] for row in first if row["scipy"][0] == 0}
    assert wrong == {"BoxBOD": "warns", "MGH17": ""}
    right = [row["scipy"][0] for name in certify.MODELS for row in (certify.nonlinear(name, 2),)]
    right += [row["scipy"][0] for row in first if row["scipy"][0]]
    assert 3 <= min(right) < 4 and 10 <= max(right) < 11
    assert certify.linear("Filip")["numpy"] == 0
    assert all(
        certify.linear(name)["estimates"] >= certify.linear(name)["possible"][0] - 0.1
        for name in certify.LINEAR
    )


def test_certified_values_were_typed_as_the_page_types_them(page):
    problem, source = nist.nonlinear("BoxBOD"), certify.PAGE.read_text()
    for value in (*problem.estimates, *problem.errors):
        assert f"{value:.11g}" in source

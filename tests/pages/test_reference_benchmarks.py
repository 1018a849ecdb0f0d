"""The page shows what the last whole run measured, and that run got the answers right."""

import pytest

from benchmarks import tables

RUN = tables.saved()
ROWS = [row for row in RUN["rows"] if "warm_s" in row]


def test_the_tables_are_those_of_the_last_run():
    page = tables.PAGE.read_text()
    assert tables.written(page, RUN) == page, "uv run python tests/benchmarks/tables.py"


@pytest.mark.parametrize("model", ["gaussian", "line", "logistic", "student-t"])
def test_every_package_was_measured_and_agrees(model):
    rows = [row for row in ROWS if row["model"] == model]
    assert {"mlefit", "SciPy BFGS", "SciPy L-BFGS-B", "zfit"} <= {row["fitter"] for row in rows}
    own = [row for row in rows if row["fitter"] == "mlefit"]
    assert [row["n"] for row in own] == [10**3, 10**5, 10**6, 10**7]
    assert all(row["converged"] and row["estimates_off"] < 1e-9 and row["errors_off"] < 1e-8 for row in own)
    for row in rows:  # what the page says of the others
        assert not row["converged"] or row["estimates_off"] < (0.05 if row["n"] < 10**7 else 0.25), row

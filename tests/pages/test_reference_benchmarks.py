"""The page shows what the last whole run measured and says no more, and the run got the answers right."""

import re

import pytest

from benchmarks import tables
from benchmarks.fitters import FITTERS
from benchmarks.problems import MODELS

RUN = tables.saved()
ROWS = [row for row in RUN["rows"] if "warm_s" in row]
PAGE = tables.PAGE.read_text()
BLOCK = re.compile(r"<!-- ([\w-]+): [^\n]*-->\n(.*?)<!-- end -->", re.DOTALL)
BLOCKS = dict(BLOCK.findall(PAGE))
SIZES = {"10³": 10**3, "10⁵": 10**5, "10⁶": 10**6, "10⁷": 10**7}


def time(fitter, model, n):
    """The measured time of a warm fit, in seconds."""
    (row,) = (r for r in ROWS if (r["fitter"], r["model"], r["n"]) == (fitter, model, n))
    return row["warm_s"]


def test_the_tables_are_those_of_the_last_run():
    assert tables.written(PAGE, RUN) == PAGE, "uv run python tests/benchmarks/tables.py"


@pytest.mark.parametrize("model", MODELS)
def test_every_way_was_measured_and_agrees(model):
    rows = [row for row in ROWS if row["model"] == model]
    assert {row["fitter"] for row in rows} == {name for name, way in FITTERS.items() if model in way.models}
    own = [row for row in rows if row["fitter"] == "mlefit"]
    assert [row["n"] for row in own][:3] == [10**3, 10**5, 10**6]
    assert all(row["converged"] and row["estimates_off"] < 1e-9 and row["errors_off"] < 1e-8 for row in own)
    for row in rows:
        assert not row["converged"] or row["estimates_off"] < 0.25, row


def test_a_time_in_brackets_is_that_of_the_row_over_that_of_mlefit():
    seconds = {"µs": 1e-6, "ms": 1e-3, "s": 1.0}
    seen = 0
    for model in MODELS:
        text = BLOCKS[model].strip().split("\n")
        header, _, *lines = [re.split(r"\s*\|\s*", line.strip("| ")) for line in text]
        for name, _, *cells in lines:
            for title, cell in zip(header[-len(cells) :], cells, strict=True):
                if cell == "—":
                    continue
                took, unit, _, ratio = re.match(r"([\d.]+)&nbsp;(µs|ms|s)( \(([\d.]+)\))?", cell).groups()
                n = SIZES[title.removeprefix("n = ")]
                fitter = name.removesuffix(" †")
                assert float(took) * seconds[unit] == pytest.approx(time(fitter, model, n), rel=0.06)
                if fitter != "mlefit":
                    expected = time(fitter, model, n) / time("mlefit", model, n)
                    assert float(ratio) == pytest.approx(expected, rel=0.06)
                seen += 1
    assert seen == len(ROWS)


def test_the_sentence_about_a_peer_is_what_was_measured():
    pattern = r"- `([^`]+)`, ([\w-]+): its time is (.*?) times that of `mlefit` at n = (.*?)\. "
    found = re.findall(pattern + r"It is faster at (.*?)\. ", BLOCKS["findings"])
    asked = {name for name, *_ in found}
    assert {"scipy.stats.norm.fit", "scipy.stats.linregress", "SciPy trust-exact"} <= asked
    for fitter, model, ratios, sizes, faster in found:
        sizes = [SIZES[size] for size in re.findall(r"10[³⁵⁶⁷]", sizes)]
        measured = [time(fitter, model, n) / time("mlefit", model, n) for n in sizes]
        assert [float(r) for r in re.findall(r"[\d.]+", ratios)] == pytest.approx(measured, rel=0.06)
        assert [SIZES[size] for size in re.findall(r"10[³⁵⁶⁷]", faster)] == [
            n for n, ratio in zip(sizes, measured, strict=True) if ratio < 1
        ]


@pytest.mark.parametrize(
    ("start", "most"), [("Of the other fits", None), ("Of those that give errors", 0.01)]
)
def test_the_count_of_faster_fits_is_right(start, most):
    (sentence,) = (line for line in BLOCKS["findings"].split("\n") if line.startswith(f"- {start}"))
    counted = re.findall(r"(\d+) of (\d+) at n = (10[³⁵⁶⁷])", sentence)
    assert len(counted) == len({row["n"] for row in ROWS})
    for faster, total, size in counted:
        rows = [r for r in ROWS if r["n"] == SIZES[size] and r["fitter"] != "mlefit" and r["converged"]]
        if most:
            rows = [row for row in rows if "errors_off" in row and row["errors_off"] <= most]
        ahead = [row for row in rows if row["warm_s"] < time("mlefit", row["model"], row["n"])]
        assert (int(faster), int(total)) == (len(ahead), len(rows))


def test_the_closest_peers_are_the_fastest():
    lines = re.findall(r"\| ([\w-]+), (10[³⁵⁶⁷]) \| ([\d.]+), (.*?) \| ([\d.]+), (.*?) \|", BLOCKS["peers"])
    assert len(lines) == len({(row["model"], row["n"]) for row in ROWS})
    for model, size, with_errors, first, of_all, second in lines:
        rows = [r for r in ROWS if (r["model"], r["n"]) == (model, SIZES[size]) and r["converged"]]
        rows = sorted((row for row in rows if row["fitter"] != "mlefit"), key=lambda row: row["warm_s"])
        able = [row for row in rows if "errors_off" in row and row["errors_off"] <= 0.01]
        assert (first, second) == (able[0]["fitter"], rows[0]["fitter"])
        own = time("mlefit", model, SIZES[size])
        ratios = [able[0]["warm_s"] / own, rows[0]["warm_s"] / own]
        assert [float(with_errors), float(of_all)] == pytest.approx(ratios, rel=0.06)


def test_what_is_said_of_the_inverse_hessian_is_what_was_measured():
    said = re.findall(r"in (\d+) of (\d+) fits with (BFGS|L-BFGS-B), by up to ([\d.]+)%", BLOCKS["rough"])
    assert [method for _, _, method, _ in said] == ["BFGS", "L-BFGS-B"]
    for bad, total, method, most in said:
        rows = [row for row in ROWS if row["fitter"] == f"SciPy {method}" and row["converged"]]
        off = [row["errors_off"] for row in rows]
        assert (int(bad), int(total)) == (sum(value > 0.01 for value in off), len(off))
        assert float(most) == pytest.approx(100 * max(off), rel=0.06)


def test_words_outside_the_measured_blocks_claim_no_result():
    """They define what is measured; who is ahead stands only where it is computed."""
    prose = BLOCK.sub("", PAGE)
    definitions = (
        "The first column has",
        "The second has",
        "Below 1,",
        "Nothing that looks",
        "takes so many times as long",
        "**Warm** is",
        "off by more than 1%",
    )
    sentences = re.split(r"(?<=[.:])\s+", prose)
    claims = re.compile(
        r"\b(fast|faster|fastest|slow|slower|slowest|ahead|behind|wins?|beats?|outruns?|quick\w*|hardly|"
        r"nearly|at least|at most|times as|factor|better|worse)\b|\d(?:\.\d+)? ?(?:ms|µs|s|MB|%)(?!\w)"
    )
    assert [s for s in sentences if claims.search(s) and not any(words in s for words in definitions)] == []

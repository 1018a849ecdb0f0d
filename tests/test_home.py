"""The home page: what one sees first, where it leads, and numbers that are those of the saved runs."""

import json
import re

import numpy as np
import pytest
from axe_core_python.sync_playwright import Axe
from bs4 import BeautifulSoup

from conftest import DOCS, parsed

HEADINGS = ["I train models", "I have data to fit", "I teach"]
SIZES = {"n = 10³": 10**3, "n = 10⁵": 10**5, "n = 10⁶": 10**6}
SECONDS = {"µs": 1e-6, "ms": 1e-3, "s": 1.0}
TIME = r"([\d.]+)\s(µs|ms|s)"
MODELS = {
    "gaussian-mean": "gaussian",
    "line-slope": "line",
    "logistic": "logistic",
    "students-t": "student-t",
}


@pytest.fixture(scope="module")
def soup(site):
    return BeautifulSoup((site / "index.html").read_text(), "html.parser")


@pytest.fixture(scope="module")
def tables(soup):
    """The two tables: of each row the link and the cells, by the page that the row leads to."""
    found = {}
    for row in soup.select("article tr:has(a[href*='reference/'])"):
        page, _, anchor = row.a["href"].partition("#")
        found.setdefault(page.strip("/").rpartition("/")[2], {})[anchor] = row.find_all("td")
    return found


def saved(name):
    return json.loads((DOCS / "reference" / f"{name}.json").read_text())


def numbers(text):
    return [float(number) for number in re.findall(r"\d+\.?\d*", text)]


def seconds(text):
    return [float(number) * SECONDS[unit] for number, unit in re.findall(TIME, text)]


def test_the_digits_are_those_of_the_saved_run(tables):
    blocks = re.findall(
        r"<!-- (\w+): [^\n]*-->\n(.*?)<!-- end -->",
        (DOCS / "reference" / "certified.md").read_text(),
        re.DOTALL,
    )
    rows, shown = saved("certified")["rows"], list(tables["certified"].values())
    assert len(shown) == len(blocks) == 3
    for (kind, block), (fitted, own, other, compared) in zip(blocks, shown, strict=True):
        sets = set(re.findall(r"^\| (\w+) \| ", block, re.MULTILINE)) - {"set"}
        mine = [row for row in rows if row["set"] in sets]
        keys = ("estimates", "errors") if kind == "univariate" else ("estimates",)
        ours = np.array([min(row[key] for key in keys) for row in mine])
        theirs = np.array([row["numpy"] if "numpy" in row else row["scipy"][0] or 0 for row in mine])
        assert len(sets) >= 5 and f"{len(mine)} fits" in fitted.text
        assert numbers(own.text) == pytest.approx([ours.min(), np.median(ours)], abs=0.051)
        assert numbers(other.text) == pytest.approx([theirs.min(), np.median(theirs)], abs=0.051)
        counts = {
            "more": (ours > theirs).sum(),
            "as many": (ours == theirs).sum(),
            "fewer": (ours < theirs).sum(),
        }
        said = {word: int(count) for word, count in re.findall(r"(\w+(?: many)?) in (\d+)", compared.text)}
        assert said == {word: count for word, count in counts.items() if count}


def test_the_times_are_those_of_the_saved_run_and_the_peer_is_the_fastest(soup, tables):
    rows = [row for row in saved("benchmarks")["rows"] if row.get("warm_s")]
    (header,) = (tag for tag in soup.select("article thead") if "n = 10³" in tag.text)
    sizes = [SIZES[tag.text] for tag in header.find_all("th")[1:]]
    assert sizes == sorted({row["n"] for row in rows})
    assert len(tables["benchmarks"]) == len({row["model"] for row in rows})
    for anchor, (_, *cells) in tables["benchmarks"].items():
        (model,) = (model for start, model in MODELS.items() if anchor.startswith(start))
        for n, cell in zip(sizes, cells, strict=True):
            measured = {row["fitter"]: row for row in rows if (row["model"], row["n"]) == (model, n)}
            own = measured.pop("mlefit")["warm_s"]
            peers = {
                name: row["warm_s"]
                for name, row in measured.items()
                if row["converged"] and row.get("errors_off", np.inf) <= 0.01
            }
            fastest = min(peers, key=peers.get)
            assert [code.text for code in cell.find_all("code")] == ["mlefit", fastest]
            assert seconds(cell.text) == pytest.approx([own, peers[fastest]], rel=0.06)
            bold = [own] * (2 * own < peers[fastest]) + [peers[fastest]] * (2 * peers[fastest] < own)
            assert seconds(" ".join(tag.text for tag in cell.find_all("strong"))) == pytest.approx(
                bold, rel=0.06
            )


def test_the_sentences_below_the_tables_are_those_of_the_saved_runs(soup):
    text = " ".join(soup.article.text.split())
    certified, run = saved("certified"), saved("benchmarks")
    rows = [row for row in run["rows"] if row.get("warm_s")]
    own = {(row["model"], row["n"]): row for row in rows if row["fitter"] == "mlefit"}
    counted = re.findall(r"(\d+) of (\d+) at (n = 10[³⁵⁶])", text)
    assert [SIZES[size] for _, _, size in counted] == sorted({n for _, n in own})
    for faster, total, size in counted:
        peers = [row for row in rows if row["n"] == SIZES[size] and row["fitter"] != "mlefit"]
        able = [row for row in peers if row["converged"] and row.get("errors_off", 1) <= 0.01]
        ahead = [row for row in able if row["warm_s"] < own[row["model"], row["n"]]["warm_s"]]
        assert (int(faster), int(total)) == (len(ahead), len(able))

    (raised,) = re.findall(r"SciPy ends (\d+) fits with an error", text)
    assert int(raised) == sum(row.get("scipy") == [None, None] for row in certified["rows"])
    errors = [row["errors"] for row in certified["rows"] if row.get("start")]
    (span,) = re.findall(r"errors of mlefit for the curves have between ([\d.]+ and [\d.]+) digits", text)
    assert numbers(span) == [min(errors), max(errors)]
    imports = run["imports"]
    (said,) = re.findall(r"takes ([^,]*), and SciPy's import (.*?)\. The", text)
    expected = [imports[name]["import_s"] for name in ("mlefit", "SciPy")]
    assert seconds(" ".join(said)) == pytest.approx(expected, rel=0.06)
    (said,) = re.findall(r"new process takes between (.*?) at n", text)
    first = [row["first_s"] for (_, n), row in own.items() if n == 1000]
    assert seconds(said) == pytest.approx([min(first), max(first)], rel=0.06)
    assert f"Measured on {run['date']}" in text and run["machine"]["processor"] in text
    for measured in (certified, run):
        assert f"mlefit {measured['versions']['mlefit']}, " in text
    assert ("shared the machine" in text) == (run["load"][0] > 0.5)


def test_the_numbers_are_in_every_form_of_the_page(site, soup):
    notebook = json.loads((site / "index" / "index.ipynb").read_text())
    prose = "".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    cells = soup.select_one("article tr:has(a[href*='benchmarks/#line'])").find_all("td")[1:]
    for text in ((site / "index.md").read_text(), prose):
        plain = text.replace("&nbsp;", "\xa0").replace("`", "").replace("*", "").replace("<br>", "")
        assert all(cell.text in plain for cell in cells)
        assert not re.search(r"^</?div|<!-- |^</?details", text, re.MULTILINE)
        assert all(f"## {heading}\n" in text for heading in HEADINGS)


def test_each_way_in_is_a_path_of_pages(soup):
    ways = soup.select(".ways > div")
    assert [way.h2.find(string=True) for way in ways] == HEADINGS
    for way in ways:
        links = [item.a["href"] for item in way.select("ol > li")]
        assert 4 <= len(links) == len(set(links)) <= 6


def test_the_fit_has_ten_lines():
    (cell,) = (cell for cell in parsed("index.md").code_cells if "hubble" in cell.source)
    assert len([line for line in cell.source.splitlines() if line]) <= 10


def test_folded_code_stands_below_its_picture(soup):
    (folded,) = soup.select("details.folded")
    (cell,) = (cell for cell in parsed("index.md").code_cells if cell.folded)
    assert folded.code.text.strip() == cell.source.strip()
    assert not folded.has_attr("open")
    assert folded.find_previous_sibling().name == "mle-likelihood"


@pytest.fixture
def open_home(browser, home):
    """Return a function that opens the home page; it takes what playwright's contexts take."""
    contexts = []

    def open_one(width, **settings):
        contexts.append(browser.new_context(viewport={"width": width, "height": 800}, **settings))
        tab = contexts[-1].new_page()
        tab.goto(home, wait_until="load")
        return tab

    yield open_one
    for context in contexts:
        context.close()


def bottom(locator):
    box = locator.bounding_box()
    return box["y"] + box["height"]


def test_the_first_screen_says_what_this_is_and_where_to_go(open_home):
    tab = open_home(1280)
    picture = tab.locator("mle-likelihood .explorer")
    picture.wait_for()
    assert bottom(tab.locator("article h1 + p")) < 800
    assert all(bottom(tab.locator(".ways h2").nth(k)) < 800 for k in range(3))
    assert bottom(tab.locator(".ways")) < 800
    assert picture.bounding_box()["y"] < 700  # a hundred pixels of it, at least


def test_the_first_screen_of_a_phone_has_the_sentence_and_the_first_way(open_home):
    tab = open_home(375)
    assert bottom(tab.locator("article h1 + p")) < 800
    assert bottom(tab.locator(".ways > div").first) < 800


def test_without_scripts_the_page_is_whole(open_home):
    tab = open_home(1280, java_script_enabled=False)
    assert tab.locator(".ways li a").count() >= 12
    assert tab.locator("mle-likelihood img").is_visible()
    assert not tab.locator(".explorer").count()
    tab.locator("details.folded summary").click()
    assert tab.locator("details.folded code").is_visible()


def test_the_keyboard_walks_the_three_paths_in_order(open_home):
    tab = open_home(1280)
    links = tab.locator(".ways :is(h2, li) a").evaluate_all("all => all.map(one => one.href)")
    tab.locator(".ways a").first.focus()
    walked = []
    for _ in links:
        walked.append(tab.evaluate("document.activeElement.href"))
        tab.keyboard.press("Tab")
    assert walked == links


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_axe_finds_nothing(open_home, width, scheme):
    tab = open_home(width, color_scheme=scheme)
    tab.locator("mle-likelihood .explorer").wait_for()
    found = Axe().run(tab, context="article")["violations"]
    # Material gives each block of code a nav of its own, without a name, on every page.
    found = [each for each in found if each["id"] != "landmark-unique"]
    assert [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]] == []
    assert tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    heights = tab.locator(".ways li").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().height)"
    )
    assert min(heights) >= 24

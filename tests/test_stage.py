"""Staged pages, built by plain MkDocs without hooks, say and show what the site says and shows."""

import re
import subprocess
import sys

import pytest
import yaml
from bs4 import BeautifulSoup

import sites
from _render import maths, pages
from conftest import URIS, parsed


@pytest.fixture(scope="module")
def staged(site_staged):
    """The folder of the staged pages, and the folder of the site that MkDocs makes of them."""
    return site_staged.parent, site_staged


def test_every_page_is_the_page_of_the_site(site, staged):
    assert len(list(site.rglob("index.html"))) > len(URIS)  # the listings of the sources too
    assert sites.differences(site, staged[1]) == []


def test_nothing_is_left_for_hooks_to_do(staged):
    settings = yaml.safe_load((staged[0] / "mkdocs.yml").read_text())
    assert "hooks" not in settings and "custom_dir" not in settings["theme"]
    assert settings["plugins"] == ["search"]
    assert not list((staged[0] / "docs").rglob("*.py"))


@pytest.mark.parametrize("uri", URIS)
def test_a_page_is_markdown_with_its_outputs_and_drawn_formulas(staged, uri):
    text = (staged[0] / "docs" / uri).read_text()
    assert yaml.safe_load(text.split("---")[1])["description"] == parsed(uri).header["description"]
    for cell in parsed(uri).code_cells:
        assert f"```python\n{cell.source}\n```" in text
    if parsed(uri).runs:
        assert "{ .text .output" in text or "![" in text
        assert re.search(r"Run on 20\d\d-\d\d-\d\d with mlefit \d", text)
    prose = re.sub(r"^( *)(`{3,}).*?^\1\2$|`+[^`]+`+", "", text, flags=re.MULTILINE | re.DOTALL)
    assert not re.search(r"(?<!\\)\$\S[^$]*\$|^::: ", prose, re.MULTILINE)


def test_a_difference_is_told(tmp_path):
    page = "<article><h1>T</h1><p>One <math><mi>x</mi></math> two</p><img src='a.svg' alt='A line'></article>"
    changes = {
        "words": page.replace("two", "three"),
        "formulas": page.replace("<mi>x</mi>", "<mi>y</mi>"),
        "figures": page.replace("A line", "A curve"),
        "links that lead nowhere": page.replace("two", "<a href='gone/'>two</a>"),
        "missing": None,
    }
    for number, text in enumerate([page, *changes.values()]):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "a.svg").write_text("<svg/>")
        if text:
            (folder / "index.html").write_text(text)
    for number, what in enumerate(changes, start=1):
        (told,) = sites.differences(tmp_path / "0", tmp_path / str(number))
        assert what in told
    assert sites.differences(tmp_path / "0", tmp_path / "0") == []


def test_formulas_in_markdown_are_drawn_and_code_is_left_alone():
    text = "Costs \\$5, `$x$`, $a_i * b_i$ and\n\n$$\n|x| = \\frac{1}{2}\n$$\n\n```text\n$y$\n```\n"
    drawn = maths.in_markdown(text, "page.md")
    assert [formula.get_text() for formula in BeautifulSoup(drawn, "html.parser").find_all("mi")] == [
        *"aibi",
        "x",
    ]
    for kept in ("\\$5", "`$x$`", "```text\n$y$\n```"):
        assert kept in drawn
    inside = re.sub(r"<[^>]*>", "", "".join(re.findall(r"<math.*?</math>", drawn, re.DOTALL)))
    assert not re.search(r"[*_|\\]", inside)
    with pytest.raises(pages.PageError, match=r"page\.md: bad LaTeX"):
        maths.in_markdown("$\\fraq{1}{2}$", "page.md")


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    command = [sys.executable, "-m", "docs._render.stage", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "is not empty" in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]

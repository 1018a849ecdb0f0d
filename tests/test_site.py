"""The built site: links, weight, figures, formulas, notebooks, and nothing asked of anyone else."""

import gzip
import json
import re
from urllib.parse import quote, unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont

from _render import maths, repository
from conftest import URIS, parsed

HEAVIEST = 24 * 1024  # bytes of HTML as it travels, compressed, pictures apart


@pytest.fixture(scope="module")
def htmls(site):
    """Each page of the site: its path -> its HTML text and its soup."""
    texts = {path: path.read_text() for path in site.rglob("*.html")}
    return {path: (text, BeautifulSoup(text, "html.parser")) for path, text in texts.items()}


def page_path(site, uri):
    stem = uri.removesuffix(".md")
    return site / "index.html" if stem == "index" else site / stem.removesuffix("/index") / "index.html"


def target_of(site, path, link):
    """The file that an internal link leads to, and its anchor."""
    parts = urlsplit(link)
    place = unquote(parts.path)
    file = site / place.lstrip("/") if place.startswith("/") else path.parent / place if place else path
    return (file / "index.html" if file.is_dir() else file).resolve(), unquote(parts.fragment)


def test_every_link_and_anchor_resolves(site, htmls):
    anchors = {
        path.resolve(): {tag["id"] for tag in soup.find_all(id=True)}
        | {f"explore={tag.name.removeprefix('mle-')}" for tag in soup.find_all(re.compile("^mle-"))}
        | {"__skip"}
        for path, (_, soup) in htmls.items()
    }
    broken = []
    for path, (_, soup) in htmls.items():
        for tag in soup.find_all(["a", "link", "script", "img", "source"]):
            link = tag.get("href") or tag.get("src")
            if not link or urlsplit(link).scheme:
                continue
            file, anchor = target_of(site, path, link)
            if anchor.startswith("explore="):  # the state of a picture
                anchor = anchor.split("&")[0]
            lost_anchor = anchor and file in anchors and anchor not in anchors[file]
            if not file.is_file() or lost_anchor:
                broken.append(f"{path.relative_to(site)}: {link}")
    assert not broken


def test_nothing_is_loaded_from_elsewhere(site, htmls):
    outside = re.compile(r"^(https?:)?//")
    loaded = []
    for path, (_, soup) in htmls.items():
        for tag in soup.find_all(["link", "script", "img", "iframe", "source", "video", "object"]):
            link = tag.get("href") or tag.get("src") or tag.get("data") or ""
            if outside.match(link) and tag.get("rel") != ["canonical"]:
                loaded.append(f"{path.relative_to(site)}: {link}")
    for sheet in site.rglob("*.css"):
        loaded += [
            f"{sheet.name}: {url}"
            for url in re.findall(r"url\(['\"]?((?:https?:)?//[^)]*)", sheet.read_text())
        ]
    assert not loaded


def test_every_page_is_light(site, htmls):
    weights = {
        str(path.relative_to(site)): len(gzip.compress(re.sub(r"data:image/[^\"')]*", "", text).encode()))
        for path, (text, _) in htmls.items()
    }
    assert {path: weight for path, weight in weights.items() if weight > HEAVIEST} == {}


def test_nothing_of_jupyter_or_mathjax_is_left(site, htmls):
    foreign = re.compile(
        r"jp-(?:Cell|Output)|jupyter-wrapper|mathjax|katex|arithmatex|(?<!type=)(?<!type=\")text/markdown",
        re.I,
    )
    found = {
        str(path.relative_to(site)): foreign.findall(text)
        for path, (text, _) in htmls.items()
        if "reference/source" not in str(path)
    }
    assert {path: names for path, names in found.items() if names} == {}


def test_every_picture_says_what_it_shows(site, htmls):
    mute = [
        f"{path.relative_to(site)}: {image.get('src', '')[:60]}"
        for path, (_, soup) in htmls.items()
        for image in soup.find_all("img")
        if len(image.get("alt", "").strip()) < 10
    ]
    assert not mute


@pytest.mark.parametrize("uri", [uri for uri in URIS if parsed(uri).runs])
def test_an_executed_page_shows_output_and_offers_its_notebook(site, htmls, uri):
    path = page_path(site, uri)
    _, soup = htmls[path]
    assert soup.select("div.output") or soup.select("article img")
    (link,) = soup.select('a[download][href$=".ipynb"]')
    notebook = json.loads((path.parent / link["href"]).read_text())
    code = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    sources = [cell.source for cell in parsed(uri).code_cells]
    assert code == [repository.installing("", sources), *sources]
    assert notebook["metadata"]["kernelspec"]["language"] == "python"


def test_the_font_has_every_glyph_that_formulas_draw(site, htmls):
    font = TTFont(site / "assets" / "math.woff2")
    drawn = set().union(*(maths.glyphs(text) for text, _ in htmls.values()))
    whole = TTFont(maths.stix())
    drawable = {letter for letter in drawn if ord(letter) in whole.getBestCmap()}
    missing = drawable - {chr(code) for code in font.getBestCmap()}
    assert drawn and not missing
    assert "MATH" in font
    assert "STIX" not in font["name"].getDebugName(1)


def test_no_formula_is_left_as_latex(site, htmls):
    left = [
        f"{path.relative_to(site)}: {text[:60]}"
        for path, (_, soup) in htmls.items()
        for block in soup.select("article p, article li, article td")
        for text in block.find_all(string=re.compile(r"\$[^$]+\$|\\\(|\\frac"), recursive=False)
    ]
    assert not left


def contents(folder):
    """Every file of a site and its bytes, but for the one that holds the time of the build."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    files.pop("sitemap.xml.gz")
    return files


def assert_same_bytes(one, two):
    one, two = contents(one), contents(two)
    assert sorted(one) == sorted(two)
    assert [name for name in one if one[name] != two[name]] == []


def test_the_same_outputs_give_the_same_bytes(site, site_again):
    assert_same_bytes(site, site_again)


def test_a_warm_build_gives_the_bytes_of_a_cold_one(site, site_warm):
    assert_same_bytes(site, site_warm)


@pytest.mark.parametrize("uri", [uri for uri in URIS if parsed(uri).runs])
def test_a_page_gives_the_same_outputs_from_every_run(site, run_once, uri):
    # Once in a process of its own for the cold build, and once here after all the others.
    (kept_file,) = (site.parent / ".cache" / "outputs").glob(f"{quote(uri, safe='')}@*.json")
    built, here = json.loads(kept_file.read_text())["outputs"], run_once(uri)[1]
    for number, (cell, one, two) in enumerate(zip(parsed(uri).code_cells, built, here, strict=True), start=1):
        timing = {"text": "a timing"} if cell.varies else {}
        assert {**one, **timing} == {**two, **timing}, f"cell {number}"


def test_a_cold_build_says_what_it_does(site, cold_build):
    said = cold_build.stderr
    total = sum(parsed(uri).runs for uri in URIS)
    assert re.search(rf"pages: {total} to run. First TensorFlow is imported\n", said)
    assert re.search(r"pages: TensorFlow imported, [\d.]+ s\n", said)
    told = re.findall(rf"pages: (\d+) of {total}, (\S+) [\d.]+ s[;\n]", said)
    assert [int(number) for number, _ in told] == list(range(1, total + 1))
    assert sorted(uri for _, uri in told) == [uri for uri in URIS if parsed(uri).runs]


def test_a_build_leaves_nothing_in_the_temporary_folder(site):
    assert [str(path) for path in (site.parent / "tmp").rglob("*")] == []

"""Paper: what a page hides and opens when it is printed, that nothing is cut off, and that a PDF is whole."""

import re
import shutil

import pytest
import yaml
from bs4 import BeautifulSoup
from mkdocs.utils.yaml import get_yaml_loader
from pypdf import PdfReader

from _render import printed
from conftest import CHROMIUM, ROOT, URIS, parsed
from docs._render import course

SHEET = 673  # CSS pixels between the margins of A4, 16 mm on either side
SETTINGS = yaml.load((ROOT / "mkdocs.yml").read_text(), Loader=get_yaml_loader())
CHAPTERS = [uri for _, uri in course.chapters(SETTINGS["nav"])]


@pytest.fixture(scope="module")
def copied(site, tmp_path_factory):
    """A copy of the site with the whole course in `course.html`, and one with one page in `short.html`."""
    folder = tmp_path_factory.mktemp("course") / "site"
    shutil.copytree(site, folder, ignore=shutil.ignore_patterns("source", "*.ipynb", "search"))
    short = {**SETTINGS, "nav": [{"Learn": ["learn/line.md"]}]}
    for name, settings in {"course": SETTINGS, "short": short}.items():
        (folder / f"{name}.html").write_text(course.joined(folder, settings))
    return folder


@pytest.fixture(scope="module")
def whole(copied):
    return BeautifulSoup((copied / "course.html").read_text(), "html.parser")


@pytest.fixture
def paper(browser):
    """A tab that shows pages as they are printed, on a machine set to dark."""
    context = browser.new_context(viewport={"width": SHEET, "height": 900}, color_scheme="dark")
    tab = context.new_page()
    tab.emulate_media(media="print", color_scheme="dark")
    yield tab
    context.close()


def test_the_course_is_what_is_taught_in_the_order_of_the_navigation():
    learn = [uri for uri in CHAPTERS if uri.startswith("learn/")]
    assert sorted(learn) == [uri for uri in URIS if uri.startswith("learn/")]
    assert CHAPTERS[: len(learn)] == learn and learn[0] == "learn/line.md"
    assert CHAPTERS[-1] == "reference/glossary.md"


def test_the_course_has_every_figure_and_formula_of_its_pages(site, whole):
    articles = "".join(
        (site / uri[:-3] / "index.html").read_text().partition("<article")[2].partition("</article>")[0]
        for uri in CHAPTERS
    )
    for tag in ("img", "math", "table", "details"):
        assert len(re.findall(rf"<{tag}[ >]", articles)) == len(whole.find_all(tag)) > 20
    drawn = sum(
        'alt="' in text for uri in CHAPTERS for text in (ROOT / "docs" / uri).read_text().split("\n```")
    )
    assert len(whole.find_all("img")) >= drawn > 50


def test_links_and_figures_of_the_course_lead_somewhere(copied, whole):
    names = [tag["id"] for tag in whole.find_all(id=True)]
    assert len(names) == len(set(names))
    inside = [link["href"] for link in whole.select("main a[href]") if not re.match(r"\w+:", link["href"])]
    assert len(inside) > 200
    assert [link for link in inside if link[0] != "#" or link[1:] not in names] == []
    assert [image["src"] for image in whole.find_all("img") if not (copied / image["src"]).is_file()] == []


def test_nothing_in_the_course_is_wider_than_the_sheet(copied, paper):
    paper.goto((copied / "course.html").as_uri(), wait_until="load")
    wide = paper.evaluate(
        "[...document.querySelectorAll('img, pre, table, math, .math, svg')].filter("
        "tag => tag.getBoundingClientRect().right > innerWidth + 1 || tag.getBoundingClientRect().left < -1)"
        ".map(tag => tag.closest('article').id + ': ' + tag.textContent.trim().slice(0, 60))"
    )
    assert wide == []
    hidden = paper.evaluate(
        "[...document.querySelectorAll('img, math, pre')].filter(tag => !tag.checkVisibility() "
        "|| tag.getBoundingClientRect().height < 4).length"
    )
    assert hidden == 0
    assert paper.evaluate("document.fonts.check('16px \"mlefit Math\"')")


def test_a_page_is_printed_as_one_hands_it_out(home, paper):
    paper.goto(f"{home}learn/line/", wait_until="load")
    assert paper.evaluate("document.body.getAttribute('data-md-color-scheme')") == "slate"

    def shown(selector):
        return paper.evaluate(
            f"[...document.querySelectorAll('{selector}')].filter(tag => tag.checkVisibility() && "
            "tag.getBoundingClientRect().height > 1).length"
        )

    for selector in (
        "header",
        "footer",
        "nav",
        "button",
        ".headerlink",
        ".md-content__button",
        ".md-sidebar",
    ):
        assert paper.locator(selector).count() and shown(selector) == 0, selector
    assert shown(".ran") == 1
    solutions = paper.locator("details pre").count()
    assert solutions >= 3 and shown("details pre") == solutions
    style = "(tag, name) => getComputedStyle(tag)[name]"
    ink = paper.evaluate(f"({style})(document.querySelector('article p:not(.place)'), 'color')")
    ground = paper.evaluate(f"({style})(document.querySelector('article pre > code'), 'backgroundColor')")
    assert sum(map(int, re.findall(r"\d+", ink)[:3])) < 100
    assert sum(map(int, re.findall(r"\d+", ground)[:3])) > 700
    assert (
        paper.evaluate(f"({style})(document.querySelector('article pre > code'), 'whiteSpace')") == "pre-wrap"
    )
    assert paper.evaluate(f"({style})(document.querySelector('article img'), 'breakInside')") == "avoid"
    after = "[...document.querySelectorAll('article a')].map(a => getComputedStyle(a, '::after').content)"
    assert set(paper.evaluate(after)) == {"none"}


@pytest.mark.skipif(not CHROMIUM, reason="no browser")
def test_a_pdf_is_whole_and_one_that_is_not_is_found_out(copied, tmp_path):
    page, pdf = copied / "short.html", tmp_path / "short.pdf"
    course.to_pdf(page, pdf)
    assert printed.missing(page, pdf) == []
    soup = BeautifulSoup(page.read_text(), "html.parser")
    shown = len(soup.find_all("img")) + len(soup.find_all("math"))
    assert re.search(rf"\d\d sheets, {shown} figures and formulas", printed.told(pdf))
    reader = PdfReader(pdf)
    text = "".join("".join(sheet.extract_text().split()) for sheet in reader.pages)
    for cell in parsed("learn/line.md").code_cells:
        for line in cell.source.splitlines():
            assert "".join(line.split()) in text
    titles = [entry["/Title"] for entry in reader.outline if not isinstance(entry, list)]
    assert titles == [soup.h1.get_text()]
    without = copied / "without.html"
    hiding = (
        "<style>article img:nth-of-type(1), article#learn-line .math math { display: none }</style></head>"
    )
    without.write_text(page.read_text().replace("</head>", hiding))
    course.to_pdf(without, pdf)
    pictures, letters = printed.missing(page, pdf)
    assert pictures.startswith("figures and formulas: ") and letters.startswith("letters of formulas: ")

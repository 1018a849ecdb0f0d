"""For teachers: the ten lectures, the exercises by difficulty, and pages that become slides."""

import re
from itertools import takewhile

import pytest
from axe_core_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from pypdf import PdfReader

from _render import exercises
from _render.pages import PageError
from conftest import DOCS, URIS

LEFT_OUT = "details:not(.folded), nav, .headerlink, .place, script, .footnote, a.md-icon"
SLIDES = "document.body.dataset.slides"
# What is taller or wider than its slide or than the box that it scrolls in, and what is too small to be read.
OVER = """[...document.querySelectorAll('.slide')].flatMap((slide, k) => {
    const edge = slide.getBoundingClientRect(), body = slide.querySelector('.body');
    const out = box =>
        box.bottom > edge.bottom - 24 || box.right > edge.right + 1 || box.left < edge.left - 1;
    return [...body.querySelectorAll('p, li, pre, img, tr, math, code')].flatMap(block => {
        const box = block.getBoundingClientRect(), style = getComputedStyle(block);
        if (!box.height) return [];
        const scrolls = style.overflowX !== 'visible' && block.scrollWidth > block.clientWidth + 1;
        const small = block.matches('td, p, pre') && box.width / block.offsetWidth < 0.6;
        return out(box) || scrolls || small ? [`${k + 1} ${block.tagName}`] : [];
    });
})"""


@pytest.fixture(scope="module")
def lectures(site):
    return BeautifulSoup((site / "guides/teaching/index.html").read_text(), "html.parser").article


@pytest.fixture
def room(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 760})
    tab = context.new_page()
    tab.said = []
    tab.on("console", lambda message: tab.said.append(message.text))
    tab.on("pageerror", lambda error: tab.said.append(str(error)))
    yield tab
    context.close()


def show(tab, address):
    tab.goto(address, wait_until="load")
    tab.wait_for_function(SLIDES)


def test_ten_lectures_hold_every_page_of_the_course(lectures):
    rows = lectures.find("table").tbody.find_all("tr")
    assert [row.td.text.split(".")[0] for row in rows] == [str(number + 1) for number in range(10)]
    section = takewhile(lambda tag: tag.name != "h2", lectures.find("h2").find_next_siblings())
    linked = {link["href"] for part in section for link in part.find_all("a")}
    pages = {f"../../{uri[:-3]}/" for uri in URIS if uri.startswith("learn/")}
    assert pages - linked == {"../../learn/explorers/"}


def test_the_minutes_of_a_lecture_are_those_that_its_pages_say(site, lectures):
    for row in lectures.find("table").tbody.find_all("tr"):
        cells = row.find_all("td")
        said = {}
        for link in cells[1].find_all("a"):
            page = BeautifulSoup(
                (site / "guides/teaching" / link["href"] / "index.html").read_text(), "html.parser"
            )
            minutes = int(re.search(r"(\d+) min$", page.select_one(".place").text)[1])
            bracket = str(link.previous_sibling or "").endswith("[")
            said[bracket] = said.get(bracket, 0) + minutes
        assert cells[2].text == " + ".join(str(said[bracket]) for bracket in (False, True) if bracket in said)


def test_every_exercise_is_listed_once_and_its_link_leads_to_it(site, lectures):
    written = {
        (uri, number)
        for uri in URIS
        for number in re.findall(
            r"^\*\*(\d)\.\*\*", (DOCS / uri).read_text().partition("## Exercises")[2], re.MULTILINE
        )
    }
    assert len(written) > 90
    listed = [link["href"] for link in lectures.select("a[href*='#exercise-']")]
    found = [re.fullmatch(r"\.\./(?:\.\./)?(.+)/#exercise-(\d)", link).groups() for link in listed]
    folders = [folder if "/" in folder else f"guides/{folder}" for folder, _ in found]
    assert len(found) == len(written)
    assert {(f"{folder}.md", number) for folder, (_, number) in zip(folders, found, strict=True)} == written
    for folder, (_, number) in zip(folders, found, strict=True):
        page = BeautifulSoup((site / folder / "index.html").read_text(), "html.parser")
        assert page.find(id=f"exercise-{number}").text == f"{number}."


def test_levels_go_up_and_say_how_many_exercises_they_have(lectures):
    heads = [head for head in lectures.find_all("h3") if re.match(r"\d\. ", head.text)]
    assert [head.text[0] for head in heads] == ["1", "2", "3"]
    for head in heads:
        count = int(re.search(r": (\d+)", head.text)[1])
        assert count == len(head.find_next_sibling("ul").find_all("li")) > 5


def test_an_exercise_without_a_level_ends_the_build():
    texts = {uri: (DOCS / uri).read_text() for uri in URIS}
    exercises.listed(texts, "guides")
    texts["learn/line.md"] += "\n**4.** One more.\n"
    with pytest.raises(PageError, match=r"learn/line.md: its exercises are numbered 1, 2, 3, 4, and levels"):
        exercises.listed(texts, "guides")


def test_pictures_open_in_the_state_of_the_link(home, lectures, room):
    links = [link["href"] for link in lectures.select("a[href*='#explore=']")]
    assert len(links) == 5
    for link in links:
        room.goto(f"{home}guides/teaching/{link}", wait_until="load")
        name, *state = link.partition("#explore=")[2].split("&")
        for setting in state:
            key, value = setting.split("=")
            held = room.evaluate(
                "([name, key]) => String(document.querySelector(`mle-${name}`).values[key])", [name, key]
            )
            assert held == value or float(held) == pytest.approx(float(value)), link
    assert room.said == []


PAGES = [
    "learn/gaussian",
    "learn/losses",
    "learn/network",
    "learn/score",
    "guides/teaching",
    "reference/notation",
]


@pytest.mark.parametrize("page", PAGES)
def test_slides_hold_all_of_the_page_and_nothing_is_cut_off(site, home, room, page):
    show(room, f"{home}{page}/?print-slides")
    assert room.evaluate(OVER) == []
    article = BeautifulSoup((site / page / "index.html").read_text(), "html.parser").article
    for gone in article.select(LEFT_OUT):
        gone.decompose()
    deck = BeautifulSoup(room.content(), "html.parser").select_one(".deck")
    for kind in (".body :not(th) > math", "img", "tbody tr"):
        assert len(deck.select(kind)) == len(article.select(kind.removeprefix(".body "))), kind
    code, drawn = (" ".join(block.text for block in soup.find_all("pre")).split() for soup in (article, deck))
    assert drawn == code
    said = " ".join(part.get_text(" ") for part in deck.select(".body"))
    for paragraph in article.find_all(["p", "li", "td"]):
        words = paragraph.get_text(" ").split()
        assert " ".join(words) in " ".join(said.split()) or not words
    assert len(deck.select(".slide")) == int(room.evaluate(SLIDES)) > 10
    assert room.said == []
    found = Axe().run(room, options={"resultTypes": ["violations"]})["violations"]
    assert [one["id"] for one in found] == []


def test_keys_turn_slides_and_escape_leaves(home, room):
    show(room, f"{home}learn/likelihood/?print-slides")

    def now():
        return room.locator(".turning [role=status]").text_content().split(" of ")[0]

    turns = {"ArrowRight": "2", " ": "3", "PageDown": "4", "ArrowLeft": "3", "Home": "1"}
    for key, number in turns.items():
        room.keyboard.press(key)
        assert now() == number, key
    room.keyboard.press("End")
    assert now() == room.evaluate(SLIDES)
    assert room.locator(".slide.shown").count() == 1
    room.reload(wait_until="load")
    room.wait_for_function(SLIDES)
    assert now() == room.evaluate(SLIDES), "the address keeps the slide"
    room.keyboard.press("Escape")
    room.wait_for_url(f"{home}learn/likelihood/")
    assert room.locator("article").is_visible()


def test_a_picture_still_moves_on_its_slide(home, room):
    show(room, f"{home}learn/likelihood/?print-slides")
    at = room.evaluate(
        "[...document.querySelectorAll('.slide')].findIndex(one => one.querySelector('mle-likelihood.live'))"
    )
    for _ in range(at):
        room.keyboard.press("ArrowRight")
    said = room.locator(".slide.shown mle-likelihood [role=status]")
    before = said.text_content()
    room.locator(".slide.shown mle-likelihood input[type=range]").first.focus()
    room.keyboard.press("PageUp")
    room.wait_for_timeout(800)
    assert said.text_content() != before
    assert room.locator(".slide.shown mle-likelihood").is_visible(), "its keys do not turn the slide"


def test_from_a_folder_each_slide_prints_on_a_sheet(site, room, tmp_path):
    show(room, (site / "learn/gaussian/index.html").as_uri() + "?print-slides")
    room.pdf(path=tmp_path / "slides.pdf", prefer_css_page_size=True)
    sheets = PdfReader(tmp_path / "slides.pdf").pages
    assert len(sheets) == int(room.evaluate(SLIDES))
    assert {(round(sheet.mediabox.width), round(sheet.mediabox.height)) for sheet in sheets} == {(960, 540)}
    assert "A Gaussian by maximum likelihood" in sheets[0].extract_text()
    assert room.said == []


def test_a_page_that_is_not_asked_for_slides_stays_a_page(home, room):
    room.goto(f"{home}learn/gaussian/", wait_until="load")
    assert room.locator(".deck").count() == 0 and room.locator("article h1").is_visible()

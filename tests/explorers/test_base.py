"""What all explorers share: the figure below them, the keyboard, links to a state, words, size."""

import gzip
from urllib.parse import parse_qs

import pytest

from _render import execute, explorers, pages
from conftest import DOCS, URIS, parsed
from exploring import EACH, PLACES, Explorer

FOLDER = DOCS / explorers.FOLDER
MOST = 25 * 1024  # bytes as they travel, for all explorers and what they share
PAGE = "learn/likelihood/"
STATE = "#explore=likelihood&mean=1.1&stddev=0.5&x=0.5,2.4,1&region=wald"
HEADER = "---\njupyter:\n  kernelspec: {name: python3, display_name: Python 3, language: python}\n---\n\n"
DRAWN = """# Page

```python explorer="likelihood(GIVEN)" alt="a line"
import matplotlib.pyplot as plt

x = [1.0, 2.0]
plt.plot(x)
```
"""


@pytest.fixture
def open_tab(browser):
    """Return a function that opens a tab; it takes what playwright's contexts take."""
    contexts = []

    def open_one(**settings):
        contexts.append(browser.new_context(**settings))
        return contexts[-1].new_page()

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def likelihood(open_tab, home):
    return Explorer(open_tab(), home + PAGE, "likelihood")


def test_together_they_are_light():
    weights = {path.name: len(gzip.compress(path.read_bytes())) for path in FOLDER.iterdir()}
    assert sum(weights.values()) <= MOST, weights


def test_a_page_loads_the_explorers_that_it_has_and_no_others(site):
    for uri in URIS:
        used = {explorers.named(cell) for cell in parsed(uri).code_cells if cell.explorer}
        stem = uri.removesuffix(".md").removesuffix("index").removesuffix("/")
        html = (site / stem / "index.html").read_text()
        loaded = {name for name in explorers.names() if f"{explorers.FOLDER}/{name}.js" in html}
        assert loaded == used, uri
        assert (f"{explorers.FOLDER}/base.js" in html) == bool(used), uri


def test_a_cell_hands_over_what_it_computed():
    page = pages.read("page.md", HEADER + DRAWN.replace("GIVEN", "data=x, unit='m'"))
    _, (output,) = execute.run(page)
    assert output["explorer"] == {"name": "likelihood", "given": '{"data": [1.0, 2.0], "unit": "m"}'}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("likelihood(data=missing)", "NameError: name 'missing'"),
        ("likelihood(data=float('nan'))", "ValueError: Out of range float"),
        ("likelyhood(data=x)", r"say explorer=.*likelihood.*got 'likelyhood\(data=x\)'"),
    ],
)
def test_what_a_cell_cannot_hand_over_fails(given, message):
    page = pages.read("page.md", HEADER + DRAWN.replace("likelihood(GIVEN)", given))
    with pytest.raises(pages.PageError, match=rf"^page\.md, cell 1: .*{message}"):
        execute.run(page)


def test_an_explorer_without_a_figure_fails():
    text = DRAWN.replace("GIVEN", "data=x").replace("plt.plot(x)", "")
    with pytest.raises(pages.PageError, match="takes the place of a figure, but the cell draws none"):
        execute.run(pages.read("page.md", HEADER + text))


@pytest.mark.parametrize(("name", "address"), PLACES)
def test_without_scripts_the_figure_is_there(open_tab, home, name, address):
    tab = open_tab(java_script_enabled=False)
    tab.goto(home + address)
    assert tab.locator(f"mle-{name} img").is_visible()


@pytest.mark.parametrize(("name", "address"), EACH)
def test_on_paper_the_figure_is_there(open_tab, home, name, address):
    explorer = Explorer(open_tab(), home + address, name)
    picture, moving = explorer.element.locator("img"), explorer.element.locator(".explorer")
    assert moving.is_visible() and not picture.is_visible()
    explorer.tab.emulate_media(media="print")
    assert picture.is_visible() and not moving.is_visible()


@pytest.mark.parametrize(("name", "address"), EACH)
def test_it_works_from_a_folder(open_tab, site, name, address):
    explorer = Explorer(open_tab(), (site / address / "index.html").as_uri(), name)
    assert explorer.texts()
    first = explorer.element.locator("input[type=range]").first
    first.press("ArrowRight")
    assert explorer.hash().startswith(f"#explore={name}&")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize(("name", "address"), EACH)
def test_anyone_can_use_it(open_tab, home, name, address, width, scheme):
    tab = open_tab(viewport={"width": width, "height": 800}, color_scheme=scheme)
    explorer = Explorer(tab, home + address, name)
    assert len(explorer.said()) > 40
    assert explorer.found_by_axe() == []
    assert explorer.complaints == []
    assert tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    targets = explorer.element.locator("input[type=range], button, fieldset label, circle.handle")
    sizes = targets.evaluate_all(
        "all => all.map(one => { const box = one.getBoundingClientRect(), "
        "rim = one.tagName === 'circle' ? parseFloat(getComputedStyle(one).strokeWidth) : 0; "
        "return Math.min(box.width, box.height) + rim; })"
    )
    assert len(sizes) >= 5 and min(sizes) >= 24


@pytest.mark.parametrize(("name", "address"), EACH)
def test_the_keyboard_reaches_everything(open_tab, home, name, address):
    explorer = Explorer(open_tab(), home + address, name)
    sliders = explorer.element.locator("input[type=range]")
    sliders.first.focus()
    reached = set()
    for _ in range(30):
        label = explorer.tab.evaluate(
            "(document.activeElement.closest('.explorer') && (document.activeElement.labels?.[0] "
            "?? document.activeElement).textContent) || ''"
        )
        if not label:
            break
        reached.add(label)
        explorer.tab.keyboard.press("Tab")
    labels = explorer.element.locator(".row > label, button").all_inner_texts()
    assert set(labels) <= reached
    assert len(reached - set(labels)) == explorer.element.locator("fieldset").count()  # a group is one stop


def test_keys_move_a_slider_in_steps(likelihood):
    mean = likelihood.slider("mean")
    before = likelihood.values()["mean"]
    for key, steps in (("ArrowRight", 1), ("ArrowUp", 2), ("ArrowLeft", 1), ("PageUp", 11), ("PageDown", 1)):
        mean.press(key)
        assert likelihood.values()["mean"] == pytest.approx(before + 0.01 * steps, abs=1e-9)
    mean.press("Home")
    assert likelihood.values()["mean"] == float(mean.get_attribute("min"))
    mean.press("End")
    assert likelihood.values()["mean"] == float(mean.get_attribute("max"))
    assert mean.get_attribute("aria-valuetext") == f"{likelihood.values()['mean']:.2f} m"


def test_a_drag_moves_the_sliders(likelihood):
    before = likelihood.values()
    likelihood.drag(0, across=60, up=0)  # the first observation
    dragged = likelihood.values()
    assert dragged["x"][0] > before["x"][0] + 0.1
    assert dragged["x"][1:] == before["x"][1:]
    likelihood.slide("observation", 1)
    assert float(likelihood.slider("its value").input_value()) == pytest.approx(dragged["x"][0])
    likelihood.drag(3, across=30, up=30)  # the Gaussian on the contours
    after = likelihood.values()
    assert after["mean"] > before["mean"] and after["stddev"] > before["stddev"]
    assert float(likelihood.slider("mean").input_value()) == pytest.approx(after["mean"])


def test_a_tap_puts_the_gaussian_there(open_tab, home):
    explorer = Explorer(
        open_tab(has_touch=True, viewport={"width": 375, "height": 800}), home + PAGE, "likelihood"
    )
    picture = explorer.element.locator("figure > svg").nth(1)
    before = explorer.values()
    box = picture.bounding_box()
    explorer.tab.touchscreen.tap(box["x"] + 0.8 * box["width"], box["y"] + 0.2 * box["height"])
    after = explorer.values()
    assert after["mean"] > before["mean"] + 0.5 and after["stddev"] > before["stddev"] + 0.5
    assert after["x"] == before["x"]


def test_a_state_is_a_link(likelihood, home):
    assert likelihood.hash() == ""  # nothing is written before the reader moves something
    likelihood.slide("mean", 1.1)
    likelihood.slide("stddev", 0.5)
    likelihood.slide("observation", 2)
    likelihood.slide("its value", 2.4)
    likelihood.choose("by standard errors (Wald)")
    link, values = likelihood.hash(), likelihood.values()
    assert parse_qs(link[1:]) == parse_qs(STATE[1:])
    assert Explorer(likelihood.tab, home + PAGE + link, "likelihood").values() == values


def test_other_hashes_are_left_alone(likelihood, home):
    likelihood.slide("mean", 1.1)
    likelihood.tab.evaluate("location.hash = 'curvature'")
    assert likelihood.hash() == "#curvature"
    assert likelihood.values()["mean"] == 1.1
    for state in ("#explore=descent&mean=1.5", "#explore=likelihood&mean=high&x=1,2&region=none"):
        opened = Explorer(likelihood.tab, home + PAGE + state, "likelihood")
        opened.press("Start over")
        start = opened.values()
        assert Explorer(likelihood.tab, home + PAGE + state, "likelihood").values() == start
        assert opened.complaints == []


def test_the_words_are_throttled(likelihood):
    likelihood.said()
    spoken, milliseconds = likelihood.element.evaluate(
        """async element => {
            let spoken = 0;
            const begin = performance.now();
            const listener = new MutationObserver(() => spoken++);
            listener.observe(element.querySelector("[role=status]"), { childList: true });
            for (let k = 0; k < 60; k++) {
                element.set({ mean: 0.5 + k / 100 });
                await new Promise(requestAnimationFrame);
            }
            await new Promise(done => setTimeout(done, 700));
            return [spoken, performance.now() - begin];
        }"""
    )
    assert 1 <= spoken <= milliseconds / 500 + 1


def test_colours_follow_the_theme(likelihood):
    def colour():
        return likelihood.element.locator(".line.c1").first.evaluate("line => getComputedStyle(line).stroke")

    light = colour()
    likelihood.tab.locator("label[for=__palette_1]").click()
    assert colour() != light


def test_it_follows_the_width(likelihood):
    def widths():
        likelihood.tab.wait_for_timeout(200)
        return likelihood.element.locator("figure > svg").evaluate_all(
            "all => all.map(one => one.clientWidth)"
        )

    likelihood.tab.set_viewport_size({"width": 1280, "height": 800})
    wide = widths()
    likelihood.tab.set_viewport_size({"width": 375, "height": 800})
    narrow = widths()
    assert max(narrow) < min(wide) and max(narrow) <= 375
    assert likelihood.tab.evaluate("document.documentElement.scrollWidth") <= 375

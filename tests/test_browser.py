"""The site in a real browser: every page, light and dark, wide and narrow, and what a reader does there."""

import pytest
from axe_core_python.sync_playwright import Axe

from conftest import URIS, parsed

VIEWS = [(scheme, width) for scheme in ("light", "dark") for width in (1280, 375)]
ADDRESSES = [uri.removesuffix("index.md") if uri.endswith("index.md") else uri[:-3] + "/" for uri in URIS]
OPEN_ALL = "document.querySelectorAll('details').forEach(details => details.open = true)"


@pytest.fixture(scope="module")
def tabs(browser):
    """One tab for each view: a colour scheme and a width."""
    contexts = {
        (scheme, width): browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        for scheme, width in VIEWS
    }
    yield {view: context.new_page() for view, context in contexts.items()}
    for context in contexts.values():
        context.close()


def found_by_axe(tab, rules=None):
    """What axe-core finds on the page that is serious or critical: the rule and the element."""
    only = {"runOnly": rules} if rules else {}
    found = Axe().run(tab, options={"resultTypes": ["violations"], **only})["violations"]
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize(("scheme", "width"), VIEWS)
@pytest.mark.parametrize("address", ADDRESSES)
def test_page(tabs, home, address, scheme, width):
    tab, outside, said = tabs[scheme, width], [], []
    listeners = {
        "request": lambda request: (
            request.url.startswith((home, "data:", "blob:")) or outside.append(request.url)
        ),
        "console": lambda message: said.append(message.text),
        "pageerror": lambda error: said.append(str(error)),
    }
    for event, listener in listeners.items():
        tab.on(event, listener)
    tab.goto(home + address, wait_until="load")
    tab.evaluate(OPEN_ALL)
    sideways = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    flat = tab.evaluate(
        "[...document.querySelectorAll('math')].filter(m => m.getClientRects().length && "
        "m.getBoundingClientRect().height < 4).map(m => m.textContent)"
    )
    ground = tab.evaluate("document.body.getAttribute('data-md-color-scheme')")
    # Only colours depend on the scheme, and which of them meet does not depend on the width.
    rules = {("light", 1280): None, ("dark", 1280): ["color-contrast"]}
    serious = found_by_axe(tab, rules[scheme, width]) if (scheme, width) in rules else []
    for event, listener in listeners.items():
        tab.remove_listener(event, listener)
    assert (outside, said, flat, serious) == ([], [], [], [])
    assert sideways <= 0
    assert ground == {"light": "default", "dark": "slate"}[scheme]


@pytest.fixture
def tab(browser, home):
    """A fresh tab on the home page that may use the clipboard."""
    context = browser.new_context(color_scheme="light", permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(home, wait_until="load")
    yield page
    context.close()


def test_the_copy_button_copies_what_the_cell_says(tab, home):
    uri = "learn/line.md"
    tab.goto(home + "learn/line/", wait_until="load")
    cells = [cell.source for cell in parsed(uri).code_cells]
    tab.evaluate(OPEN_ALL)
    buttons = tab.locator("button[data-md-type=copy]")
    copied = []
    for index in range(buttons.count()):
        buttons.nth(index).click()
        copied.append(tab.evaluate("navigator.clipboard.readText()").rstrip("\n"))
    assert [text for text in copied if text in cells] == cells


def test_output_has_no_copy_button(tab, home):
    tab.goto(home + "learn/line/", wait_until="load")
    assert tab.locator(".output").count() > 0
    assert tab.locator(".output button").count() == 0


def test_the_theme_switch_works(tab):
    def scheme():
        return tab.evaluate("document.body.getAttribute('data-md-color-scheme')")

    assert scheme() == "default"
    # Each label switches to the palette it is for; its title is gone while its tooltip shows.
    tab.locator("label[for=__palette_1]").click()
    assert scheme() == "slate"
    tab.locator("label[for=__palette_0]").click()
    assert scheme() == "default"


def test_search_finds_a_page_by_a_word_in_it(tab):
    tab.locator("input.md-search__input").first.click()
    tab.locator("input.md-search__input").first.press_sequentially("Michelson")  # search listens to keys
    result = tab.locator(".md-search-result__link[href*='learn/gaussian']").first
    result.wait_for(timeout=15_000)
    assert "Gaussian" in result.inner_text()

"""An explorer on a page of the built site, used as a reader uses it."""

import re

from axe_core_python.sync_playwright import Axe

from _render import explorers
from conftest import URIS, parsed

SLIDE = """(input, value) => {
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
}"""
FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"

# Where explorers are: (name, address of the page).
PLACES = sorted(
    (explorers.named(cell), "" if uri == "index.md" else uri.removesuffix(".md") + "/")
    for uri in URIS
    for cell in parsed(uri).code_cells
    if cell.explorer
)
EACH = sorted(dict(reversed(PLACES)).items())  # each explorer once, on the first of its pages


class Explorer:
    """`<mle-NAME>` on the page that `tab` shows.

    Args:
        tab: a playwright page.
        address: of the page, with the hash of a state, or nothing for the page that is open.
        name: of the explorer.
    """

    def __init__(self, tab, address, name):
        self.tab, self.name, self.complaints = tab, name, []
        tab.on("console", lambda message: self.complaints.append(message.text))
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        if address:
            tab.goto("about:blank")  # or else a new hash would not load the page again
            tab.goto(address, wait_until="load")
        self.element = tab.locator(f"mle-{name}").first
        self.element.locator(".explorer").wait_for()
        self.element.evaluate("element => element.scrollIntoView()")

    def slider(self, label):
        """The range input with this label."""
        return self.element.get_by_label(label, exact=True)

    def slide(self, label, value):
        """Move a slider to `value`, in the slider's own units, as a mouse would."""
        self.slider(label).evaluate(SLIDE, value)

    def choose(self, text):
        """Choose the radio button with this text."""
        self.element.get_by_label(text, exact=True).check()

    def press(self, text):
        """Press the button with this text."""
        self.element.get_by_role("button", name=text, exact=True).click()

    def values(self):
        """The state: what the inputs hold, exactly."""
        return self.element.evaluate("element => element.values")

    def texts(self):
        """What the numbers below the pictures say now: name -> text, with plain minus signs."""
        self.tab.evaluate(FRAMES)
        pairs = self.element.locator("dl > div").all_inner_texts()
        return dict(pair.replace("\N{MINUS SIGN}", "-").split("\n", 1) for pair in pairs)

    def numbers(self):
        """The same as lists of floats: name -> the numbers in its text."""
        plain = {
            name: text.replace(" \N{MULTIPLICATION SIGN} 10^", "e") for name, text in self.texts().items()
        }
        found = {name: re.findall(r"-?\d+\.?\d*(?:e\d+)?", text) for name, text in plain.items()}
        return {name: [float(number) for number in numbers] for name, numbers in found.items()}

    def said(self):
        """The words, once they have caught up."""
        self.tab.wait_for_timeout(700)
        return self.element.get_by_role("status").inner_text().replace("\N{MINUS SIGN}", "-")

    def hash(self):
        """The address' hash, once it has caught up."""
        self.tab.wait_for_timeout(500)
        return self.tab.evaluate("location.hash")

    def drag(self, handle, across, up):
        """Drag the handle number `handle` by so many pixels to the right and up."""
        box = self.element.locator("circle.handle").nth(handle).bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.tab.mouse.move(x, y)
        self.tab.mouse.down()
        self.tab.mouse.move(x + across, y - up, steps=4)
        self.tab.mouse.up()

    def found_by_axe(self):
        """Everything that axe-core finds in the explorer, of any severity."""
        violations = Axe().run(self.tab, context=f"mle-{self.name}")["violations"]
        return [f"{each['id']}: {node['html'][:120]}" for each in violations for node in each["nodes"]]

"""The faces of the site, measured: size of the files, characters, code, formulas and accents."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from _render import maths, typeface

SHEET = Path(__file__).parents[1] / "docs" / "assets" / "type.css"
HEAVIEST = 60 * 1024
COLUMNS = 90
# The width of 90 letters in the page's own block of code, and the room that there is for them.
CODE = """() => {
  const code = document.querySelector('.highlight:not(.output) pre > code'), style = getComputedStyle(code);
  const drawn = document.createElement('canvas').getContext('2d');
  drawn.font = style.fontSize + ' ' + style.fontFamily;
  const room = code.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  return [parseFloat(style.fontSize), room / drawn.measureText('0').width];
}"""


def test_the_text_face_is_light_and_has_every_character(site):
    files = {name: site / "assets" / f"text-{name.lower()}.woff2" for name in typeface.STYLES.values()}
    assert sum(path.stat().st_size for path in files.values()) <= HEAVIEST
    used = set().union(*(typeface.characters(path.read_text()) for path in site.rglob("index.html")))
    for style, name in typeface.STYLES.items():
        there = {chr(code) for code in TTFont(typeface.source(style)).getBestCmap()}
        assert {*"aeiou,.'"} <= (used & there) <= {chr(code) for code in TTFont(files[name]).getBestCmap()}


def test_the_face_is_renamed_and_keeps_its_licence(site):
    for name in typeface.STYLES.values():
        names = TTFont(site / "assets" / f"text-{name.lower()}.woff2")["name"]
        assert "Source" not in "".join(names.getDebugName(number) for number in (1, 4, 6))
        assert "SIL Open Font License" in names.getDebugName(13)


def test_formulas_have_the_height_of_the_text():
    heights = [TTFont(path)["OS/2"].sxHeight for path in (typeface.source("Regular"), maths.stix())]
    said = float(re.search(r"math \{\s*font-size: ([\d.]+)em", SHEET.read_text())[1])
    assert said == pytest.approx(heights[0] / heights[1], abs=1e-4)


@pytest.mark.parametrize(("width", "columns"), [(1280, COLUMNS), (375, 30)])
def test_code_is_legible(browser, home, width, columns):
    tab = browser.new_page(viewport={"width": width, "height": 900})
    for address in ("learn/losses/", "learn/line/", "guides/intervals/"):
        tab.goto(home + address)
        size, fit = tab.evaluate(CODE)
        assert (size >= 12, fit >= columns) == (True, True), (address, size, fit)
    tab.close()


@pytest.mark.parametrize("latex", [r"\hat{\vec\theta}", r"\hat\theta", r"\hat\sigma", r"\bar{x}"])
def test_accents_keep_clear_of_their_letters(browser, home, latex):
    scale = 8
    tab = browser.new_page(device_scale_factor=scale)
    tab.goto(home + "learn/line/")
    formula = maths.to_mathml(f'<span class="arithmatex">\\({latex}\\)</span>', "test.md")
    tab.evaluate("text => { document.querySelector('article p:not([class])').innerHTML = text }", formula)
    tab.evaluate("document.fonts.ready")
    drawn = np.asarray(Image.open(io.BytesIO(tab.locator("article p mover").first.screenshot())).convert("L"))
    tab.close()
    ink = (drawn < drawn.max() - 64).any(axis=1)
    rows = np.flatnonzero(ink)
    blank = (~ink[rows[0] : rows[-1]]).sum() / scale
    assert blank >= 1  # pixel at the size of the text

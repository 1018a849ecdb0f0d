"""LaTeX becomes MathML when the site is built, with a font that holds the glyphs in use and no more."""

import html
import io
import re
import unicodedata
from functools import lru_cache
from importlib.metadata import distribution

import math_core
from fontTools import subset
from fontTools.ttLib import TTFont

from _render.pages import PageError

MACROS = {
    "E": r"\operatorname{E}",
    "Var": r"\operatorname{Var}",
    "normal": r"\mathcal{N}",
    "argmin": r"\operatorname*{arg\,min}",
    "argmax": r"\operatorname*{arg\,max}",
    "vec": r"\boldsymbol{#1}",
    "T": r"^{\mathsf{T}}",
}
SPAN = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)
# How aligned columns stand, said once in the style sheet.
COLUMNS = {
    ' style="text-align: right;justify-items: end;padding-right: 0;"': " class=right",
    ' style="text-align: left;justify-items: start;padding-left: 0;"': " class=left",
}
FAMILY = "mlefit Math"
COPYRIGHT, LICENCE, LICENCE_URL = 0, 13, 14


def to_mathml(content, uri):
    """Replace every formula in the page's HTML by MathML.

    Raises:
        PageError: for LaTeX that cannot be read, with the formula and the reason.
    """
    return SPAN.sub(lambda match: _formula(match[1], html.unescape(match[2]).strip(), uri), content)


def _formula(tag, latex, uri):
    try:
        mathml = _convert(latex, tag == "div")
    except math_core.LatexError as error:
        reason = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()
        raise PageError(f"{uri}: bad LaTeX in ${latex}$\n{reason}") from None
    return f'<div class="math" tabindex="0">{mathml}</div>' if tag == "div" else mathml


@lru_cache(maxsize=4096)
def _convert(latex, display):
    # A displayed formula carries its LaTeX to be copied; search is not to find it twice.
    converter = math_core.LatexToMathML(macros=MACROS, annotation=display)
    mathml = converter.convert_with_local_state(latex, displaystyle=display)
    for style, name in COLUMNS.items():
        mathml = mathml.replace(style, name)
    return mathml.replace("<annotation ", "<annotation data-search-exclude ")


def glyphs(content):
    """The characters that the page's formulas draw, with the italics that a lone `<mi>` letter turns into."""
    shown = set()
    for formula in re.findall(r"<math.*?</math>", content, re.DOTALL):
        drawn = re.sub(r"<annotation.*?</annotation>|<[^>]*>", "", formula, flags=re.DOTALL)
        shown.update(html.unescape(drawn))
        if "<msqrt" in formula or "<mroot" in formula:
            shown.add("\N{SQUARE ROOT}")  # which the browser draws without being given the letter
    return shown | {_italic(letter) for letter in shown}


def _italic(letter):
    if letter == "h":
        return "\N{PLANCK CONSTANT}"
    try:
        name = unicodedata.name(letter).replace("LATIN ", "").replace("GREEK ", "").replace("LETTER ", "")
        return unicodedata.lookup(f"MATHEMATICAL ITALIC {name}")
    except (KeyError, ValueError):
        return letter


def stix():
    """Where the whole font lies: ziamath ships it."""
    return distribution("ziamath").locate_file("ziamath/fonts/STIXTwoMath-Regular.ttf")


@lru_cache(maxsize=8)
def font(characters):
    """Return a WOFF2 font for `characters`, cut from STIX Two Math and renamed, as its licence asks."""
    cut = TTFont(stix(), recalcTimestamp=False)
    options = subset.Options(
        layout_features=["*"], name_IDs=[COPYRIGHT, LICENCE, LICENCE_URL], notdef_outline=True
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(cut)
    for name_id, text in {1: FAMILY, 2: "Regular", 4: FAMILY, 6: FAMILY.replace(" ", "")}.items():
        cut["name"].setName(text, name_id, 3, 1, 0x409)
    cut.flavor = "woff2"
    buffer = io.BytesIO()
    cut.save(buffer)
    return buffer.getvalue()

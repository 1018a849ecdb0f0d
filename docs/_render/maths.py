"""LaTeX becomes MathML when the site is built, with a font that holds the glyphs in use and no more."""

import html
import re
import unicodedata
from functools import lru_cache
from importlib.metadata import distribution

import math_core

from _render import fonts
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
IN_MARKDOWN = re.compile(
    r"(?P<code>^ *(?P<fence>`{3,})[^\n]*\n.*?^ *(?P=fence) *$"
    r"|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)|\\\$)"
    r"|\$\$(?P<display>.+?)\$\$|\$(?!\s)(?P<inline>(?:\\.|[^\\$])+?)(?<!\s)\$",
    re.MULTILINE | re.DOTALL,
)
# How aligned columns stand, said once in the style sheet.
COLUMNS = {
    ' style="text-align: right;justify-items: end;padding-right: 0;"': " class=right",
    ' style="text-align: left;justify-items: start;padding-left: 0;"': " class=left",
}
FAMILY = "mlefit Math"


def to_mathml(content, uri):
    """Replace every formula in the page's HTML by MathML.

    Raises:
        PageError: for LaTeX that cannot be read, with the formula and the reason.
    """

    def draw(match):
        display = match[1] == "div"
        mathml = _formula(html.unescape(match[2]).strip(), uri, display)
        return f'<div class="math" tabindex="0">{mathml}</div>' if display else mathml

    return SPAN.sub(draw, content)


def _formula(latex, uri, display):
    try:
        return _convert(latex, display)
    except math_core.LatexError as error:
        reason = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()
        raise PageError(f"{uri}: bad LaTeX in ${latex}$\n{reason}") from None


def in_markdown(text, uri):
    """Replace every formula in the Markdown of a page by MathML in which nothing is left to mean Markdown.

    Raises:
        PageError: as `to_mathml`.
    """

    def draw(match):
        if match["code"]:
            return match[0]
        display = match["display"] is not None
        mathml = _inert(_formula((match["display"] or match["inline"]).strip(), uri, display))
        return f'<span class="math">{mathml}</span>' if display else f"<span>{mathml}</span>"

    return IN_MARKDOWN.sub(draw, text)


def _inert(mathml):
    """Punctuation in entities: no asterisk, underscore or bar is left that means something to Markdown."""

    def entities(match):
        text = html.unescape(match[1])
        return f">{re.sub(r'[^\w ]|_', lambda sign: f'&#{ord(sign[0])};', text)}<"

    return re.sub(r">([^<]+)<", entities, mathml)


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
    return shown | {italic(letter) for letter in shown}


def italic(letter):
    """The mathematical italic of a letter, or the letter itself if it has none."""
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
    names = {
        fonts.FAMILY: FAMILY,
        fonts.STYLE: "Regular",
        fonts.FULL: FAMILY,
        fonts.POSTSCRIPT: FAMILY.replace(" ", ""),
    }
    return fonts.cut(stix(), characters, names, layout_features=["*"])

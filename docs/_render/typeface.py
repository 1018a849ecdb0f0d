"""The text face: Source Serif Pro beside the formulas, cut to the characters in use."""

import html
import re
from functools import lru_cache
from importlib.metadata import distribution

from _render import fonts

FAMILY = "mlefit Text"
STYLES = {"Regular": "Regular", "It": "Italic", "Bold": "Bold"}  # name of the source -> name of the style
FEATURES = ["kern", "liga", "tnum", "mark", "ccmp"]
SHOWN = re.compile(r"<article.*</article>", re.DOTALL)
UNSEEN = re.compile(r"<(math|pre|svg|script|style)\b.*?</\1>|<[^>]*>", re.DOTALL)


def source(style):
    """Where the whole font of a style lies."""
    package = distribution("font-source-serif-pro")
    return package.locate_file(f"font_source_serif_pro/files/SourceSerifPro-{style}.otf")


def characters(page):
    """The characters of the page's text, without formulas and code blocks, which have their own faces."""
    article = SHOWN.search(page)
    return set(html.unescape(UNSEEN.sub("", article[0]))) if article else set()


def write(folder, used):
    """Write one WOFF2 file for each style."""
    for style, name in STYLES.items():
        (folder / f"text-{name.lower()}.woff2").write_bytes(font(style, "".join(sorted(used))))


@lru_cache(maxsize=8)
def font(style, used):
    """Return a WOFF2 font for `used`, renamed because its licence reserves the name Source."""
    name = STYLES[style]
    names = {
        fonts.FAMILY: FAMILY,
        fonts.STYLE: name,
        fonts.FULL: f"{FAMILY} {name}",
        fonts.POSTSCRIPT: f"{FAMILY.replace(' ', '')}-{name}",
    }
    return fonts.cut(source(style), used, names, layout_features=FEATURES, hinting=False)

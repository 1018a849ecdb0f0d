"""The text face: Source Serif Pro beside the formulas, cut to the characters in use."""

import html
import io
import re
from functools import lru_cache
from importlib.metadata import distribution

from fontTools import subset
from fontTools.ttLib import TTFont

FAMILY = "mlefit Text"
STYLES = {"Regular": "Regular", "It": "Italic", "Bold": "Bold"}  # name of the source -> name of the style
FEATURES = ["kern", "liga", "tnum", "mark", "ccmp"]
COPYRIGHT, LICENCE, LICENCE_URL = 0, 13, 14
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
    cut = TTFont(source(style), recalcTimestamp=False)
    options = subset.Options(
        layout_features=FEATURES,
        name_IDs=[COPYRIGHT, LICENCE, LICENCE_URL],
        hinting=False,
        notdef_outline=True,
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=used)
    subsetter.subset(cut)
    name = STYLES[style]
    postscript = f"{FAMILY.replace(' ', '')}-{name}"
    for name_id, text in {1: FAMILY, 2: name, 4: f"{FAMILY} {name}", 6: postscript}.items():
        cut["name"].setName(text, name_id, 3, 1, 0x409)
    compact = cut["CFF "].cff
    compact.fontNames = [postscript]
    compact.topDictIndex[0].FamilyName, compact.topDictIndex[0].FullName = FAMILY, f"{FAMILY} {name}"
    cut.flavor = "woff2"
    buffer = io.BytesIO()
    cut.save(buffer)
    return buffer.getvalue()

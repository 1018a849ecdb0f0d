"""Fonts cut to the characters that the site draws, and renamed, as their licences ask."""

import io

from fontTools import subset
from fontTools.ttLib import TTFont

COPYRIGHT, FAMILY, STYLE, FULL, POSTSCRIPT, LICENCE, LICENCE_URL = 0, 1, 2, 4, 6, 13, 14  # records of names


def cut(source, characters, names, **kept):
    """Return a WOFF2 font for `characters`.

    Args:
        source: path of the whole font.
        characters: a string.
        names: what the new font is called: texts by the records FAMILY, STYLE, FULL and POSTSCRIPT.
        kept: what of the whole font is kept besides, as options of `fontTools.subset`.
    """
    font = TTFont(source, recalcTimestamp=False)
    options = subset.Options(name_IDs=[COPYRIGHT, LICENCE, LICENCE_URL], notdef_outline=True, **kept)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(font)
    for record, text in names.items():
        font["name"].setName(text, record, 3, 1, 0x409)
    if "CFF " in font:  # where names stand a second time
        compact = font["CFF "].cff
        compact.fontNames, top = [names[POSTSCRIPT]], compact.topDictIndex[0]
        top.FamilyName, top.FullName = names[FAMILY], names[FULL]
    font.flavor = "woff2"
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()

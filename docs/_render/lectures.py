"""How long the pages of a lecture take to read, written into its row, for those who teach."""

import posixpath
import re

from _render import pages, place

PLACEHOLDER = "<!-- minutes -->"
BRACKETS = re.compile(r"\[(\[[^]]+\]\([^)]+\))\]")  # around the link to a page that may be left out
TARGET = re.compile(r"\]\(([^)#]+\.md)\)")


def written(uri, text, texts):
    """Return the Markdown of a page with the minutes of reading in each line that has a place for them.

    The minutes of the pages that a line links to are added up, those in brackets apart, as in "23 + 12".

    Args:
        uri: the page.
        text: its Markdown.
        texts: the Markdown of all pages, by their URI.
    """
    if PLACEHOLDER not in text:
        return text
    return "\n".join(_filled(line, posixpath.dirname(uri), texts) for line in text.split("\n"))


def _filled(line, here, texts):
    if PLACEHOLDER not in line:
        return line
    wanted, left_out = BRACKETS.sub("", line), " ".join(BRACKETS.findall(line))
    sums = [_minutes(TARGET.findall(part), here, texts) for part in (wanted, left_out)]
    return line.replace(PLACEHOLDER, " + ".join(str(minutes) for minutes in sums if minutes))


def _minutes(targets, here, texts):
    uris = [posixpath.normpath(posixpath.join(here, target)) for target in targets]
    return sum(place.minutes(pages.read(uri, texts[uri])) for uri in uris)

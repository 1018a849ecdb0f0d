"""The exercises of the pages: an anchor for each, and a list of all by difficulty for those who teach."""

import posixpath
import re
from pathlib import Path

import yaml

from _render.pages import PageError

PLACEHOLDER = "<!-- exercises -->"
HEADING = "\n## Exercises\n"
NUMBER = re.compile(r"^\*\*(\d+)\.\*\*", re.MULTILINE)
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
LEVELS = Path(__file__).with_name("levels.yml")
NAMES = {"1": "Warm-up", "2": "On paper, or a few lines", "3": "A small project"}


def written(uri, text, texts):
    """Return the Markdown of a page with an anchor at each exercise and, where it belongs, the list of all.

    Args:
        uri: the page.
        text: its Markdown.
        texts: the Markdown of all pages, by their URI.
    """
    if PLACEHOLDER in text:
        return text.replace(PLACEHOLDER, listed(texts, posixpath.dirname(uri)))
    before, heading, after = text.partition(HEADING)
    return before + heading + NUMBER.sub(r"**\1.**{ #exercise-\1 }", after)


def listed(texts, here):
    """The list of all exercises, by level and then in the order of the levels' file, as Markdown.

    Args:
        texts: the Markdown of all pages, by their URI.
        here: the folder of the page that it is for.

    Raises:
        PageError: if a page has an exercise without a level, or a level without an exercise.
    """
    levels = yaml.safe_load(LEVELS.read_text())
    for uri in sorted({*levels, *(uri for uri, text in texts.items() if HEADING in text)}):
        found = NUMBER.findall(texts.get(uri, "").partition(HEADING)[2])
        if found != [str(number + 1) for number in range(len(levels.get(uri, [])))]:
            raise PageError(
                f"{uri}: its exercises are numbered {', '.join(found) or 'not at all'}, and "
                f"{LEVELS.name} has {len(levels.get(uri, []))} of it"
            )
    parts = []
    for level, name in NAMES.items():
        lines = [
            f"- [{title}]({posixpath.relpath(uri, here)}#exercise-{number}) "
            f"({TITLE.search(texts[uri])[1]}, {number})"
            for uri, entries in levels.items()
            for number, entry in enumerate(entries, start=1)
            for own, _, title in [entry.partition(" ")]
            if own == level
        ]
        parts.append(f"### {level}. {name}: {len(lines)}\n\n" + "\n".join(lines))
    return "\n\n".join(parts)

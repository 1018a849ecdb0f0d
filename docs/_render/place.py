"""Where a page stands in the course, how long it takes to read, and the pages beside it with a reason."""

import re
from pathlib import Path

import yaml
from mkdocs.utils import get_relative_url

COURSE = "Learn"
KINDS = {"Guides": "Guide", "Concepts": "Concept", "Reference": "Reference"}
REASONS = Path(__file__).with_name("reasons.yml")
WORDS, LINE, FORMULA, FIGURE = 200, 3, 10, 10  # words a minute; seconds for a line of code and so on
WAYS = (("Before", "back", "previous_page"), ("Next", "next", "next_page"))
SOLUTION = re.compile(r"<details.*?</details>", re.DOTALL)
ANCHOR = re.compile(r"\{ #[^}\n]* \}")
FENCE = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)


def minutes(page):
    """How many minutes a page takes to read, at least one, without the solutions of its exercises.

    Prose goes by 200 words a minute. A line of code takes 3 seconds, a displayed formula 10, a figure 10.
    """
    text = "\n".join(f"```\n{cell.source}\n```" if cell.is_code else cell.source for cell in page.cells)
    text = ANCHOR.sub("", SOLUTION.sub("", text))
    code = [line for block in FENCE.findall(text) for line in block.splitlines()[1:-1] if line.strip()]
    prose, formulas = re.subn(r"\$\$.*?\$\$", "", FENCE.sub("", text), flags=re.DOTALL)
    figures = sum(bool(cell.alt) for cell in page.code_cells)
    seconds = 60 * len(prose.split()) / WORDS + LINE * len(code) + FORMULA * formulas + FIGURE * figures
    return max(1, round(seconds / 60))


class Course:
    """The pages in the order of the navigation, and what stands in `reasons.yml` of each.

    Args:
        nav: the navigation of MkDocs.
        read: the parsed pages, by their URI.
    """

    def __init__(self, nav, read):
        self._pages, self._read = {page.file.src_uri: page for page in nav.pages}, read
        self._learn = [uri for uri, page in self._pages.items() if _sections(page)[:1] == [COURSE]]
        self._reasons = yaml.safe_load(REASONS.read_text())

    def told(self, page):
        """Where a page stands, in words, and the pages beside it; nothing for the home page and for sources.

        Those are lists of a word, a key, an address, a title and a reason.
        """
        if page.file.src_uri not in self._pages or not page.ancestors:
            return "", []
        return self._place(page), [found for way in WAYS if (found := self._neighbour(page, *way))]

    def _place(self, page):
        sections = _sections(page)
        if sections[0] == COURSE:
            at = self._learn.index(page.file.src_uri)
            parts = [*sections, f"page {at + 1} of {len(self._learn)}"]
        else:
            parts = [KINDS.get(sections[0], sections[0]), *sections[1:]]
        return " · ".join([*parts, f"{minutes(self._read[page.file.src_uri])} min"])

    def _neighbour(self, page, word, key, beside):
        uri, beside = page.file.src_uri, getattr(page, beside)
        reason = self._reasons.get(uri, {}).get(key)
        if isinstance(reason, list):
            target, reason = reason
            other = self._pages.get(target)
        else:  # A page of the course, or one that leads on as the navigation does.
            other, reason = beside, reason or (beside and beside.meta.get("description", ""))
        if other is None:
            return None
        title = "Home" if other.is_homepage else other.title
        return word, key, get_relative_url(other.url, page.url), title, reason


def _sections(page):
    return [section.title for section in reversed(page.ancestors)]

"""Where a page stands in the course, how long it takes to read, and the pages beside it with a reason."""

import re
from pathlib import Path

import yaml
from mkdocs.utils import get_relative_url

from _render.pages import PageError

COURSE = "Learn"
KINDS = {"Guides": "Guide", "Concepts": "Concept", "Reference": "Reference"}
REASONS = Path(__file__).with_name("reasons.yml")
WITHOUT = ("reference/api/",)  # of whose pages only the first gives reasons
WORDS, LINE, FORMULA, FIGURE = 200, 3, 10, 10  # words a minute; seconds for a line of code and so on
WAYS = (("Before", "back", "previous_page"), ("Next", "next", "next_page"))
SOLUTION = re.compile(r"<details.*?</details>", re.DOTALL)
FENCE = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)


def minutes(page):
    """How many minutes a page takes to read, at least one, without the solutions of its exercises.

    Prose goes by 200 words a minute. A line of code takes 3 seconds, a displayed formula 10, a figure 10.
    """
    text = "\n".join(f"```\n{cell.source}\n```" if cell.is_code else cell.source for cell in page.cells)
    text = SOLUTION.sub("", text)
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

    Raises:
        PageError: if a page has no reason, or names a page that there is not.
    """

    def __init__(self, nav, read):
        self._pages, self._read = {page.file.src_uri: page for page in nav.pages}, read
        self._learn = [uri for uri, page in self._pages.items() if _sections(page)[:1] == [COURSE]]
        self._reasons = yaml.safe_load(REASONS.read_text())
        lost = [uri for uri in self._reasons if uri not in self._pages]
        bare = [uri for uri in self._pages if self._has_reasons(uri) and uri not in self._reasons]
        if lost or bare:
            raise PageError(f"{REASONS.name}: no page {', '.join(lost)}; no reasons for {', '.join(bare)}")

    def told(self, page):
        """Where a page stands, in words, and the pages beside it; nothing for the home page and for sources.

        Those are lists of a word, a key, an address, a title and a reason.
        """
        if page.file.src_uri not in self._pages or not page.ancestors:
            return "", []
        return self._place(page), [self._neighbour(page, *way) for way in WAYS]

    def _place(self, page):
        sections = _sections(page)
        if sections[0] == COURSE:
            at = self._learn.index(page.file.src_uri)
            parts = [*sections, f"page {at + 1} of {len(self._learn)}"]
        else:
            parts = [KINDS[sections[0]], *sections[1:]]
        return " · ".join([*parts, f"{minutes(self._read[page.file.src_uri])} min"])

    def _neighbour(self, page, word, key, beside):
        uri = page.file.src_uri
        target, reason = self._told(uri, key, getattr(page, beside))
        if target not in self._pages:
            raise PageError(f"{REASONS.name}: {uri} leads to {target}, which is no page")
        other = self._pages[target]
        title = "Home" if target == "index.md" else other.title
        return word, key, get_relative_url(other.url, page.url), title, reason

    def _told(self, uri, key, beside):
        """The page that one of the navigation leads to, and why: a source of its own says what it is."""
        own = self._reasons.get(uri)
        if own is None:
            return beside.file.src_uri, beside.meta["description"]
        return own[key] if isinstance(own[key], list) else (beside.file.src_uri, own[key])

    def _has_reasons(self, uri):
        return uri != "index.md" and (not uri.startswith(WITHOUT) or uri.endswith("index.md"))


def _sections(page):
    return [section.title for section in reversed(page.ancestors)]

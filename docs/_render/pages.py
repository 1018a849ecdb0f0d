"""A page: a Markdown file whose `python` cells are run and whose `pycon` blocks are doctests."""

import re
import textwrap
from dataclasses import dataclass, field
from functools import lru_cache

import jupytext
from mkdocs.utils import meta

FENCE = re.compile(r"^(?P<indent> *)```pycon\n(?P<body>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL)
TAG_IN_FORMULA = re.compile(r"\$[^$`\n]*<[A-Za-z/!?][^$`\n]*\$")
UNREAD = re.compile(r"^(?:```|~~~) ?\{?\.?python", re.MULTILINE)


class PageError(Exception):
    """A page that cannot be turned into a page; the message starts with its path."""


@dataclass(frozen=True)
class Cell:
    """One cell of a page: code, with its figure's text and explorer, or Markdown, with its doctests.

    Code whose output depends on the machine and the hour, such as a timing, `varies` from build to build.
    Code that is `folded` stands below its picture, closed.
    """

    source: str
    is_code: bool
    alt: str = ""
    varies: bool = False
    explorer: str = ""
    folded: bool = False

    @property
    def doctests(self):
        """The bodies of the `pycon` blocks, dedented, in order."""
        if self.is_code:
            return []
        return [textwrap.dedent(match["body"]) for match in FENCE.finditer(self.source)]


@dataclass(frozen=True)
class Page:
    """A parsed page. `runs` says whether its header asks for execution."""

    uri: str
    header: dict
    cells: list[Cell] = field(default_factory=list)
    runs: bool = False

    @property
    def code_cells(self):
        return [cell for cell in self.cells if cell.is_code]


@lru_cache(maxsize=256)  # while the site is served, most pages stay as they are
def read(uri, text):
    """Parse the page `uri` from its Markdown text.

    Raises:
        PageError: for Python cells in a page without the header that makes them run, for cells that Jupyter
            would hand to another program, and for formulas that Markdown would take for a tag.
    """
    notebook = jupytext.reads(text, fmt="md:markdown")
    _, header = meta.get_data(text)
    runs = notebook.metadata.get("kernelspec", {}).get("language") == "python"
    cells = [
        Cell(
            cell.source,
            cell.cell_type == "code",
            cell.metadata.get("alt", ""),
            "varies" in cell.metadata.get("tags", []),
            cell.metadata.get("explorer", ""),
            "folded" in cell.metadata.get("tags", []),
        )
        for cell in notebook.cells
        if cell.cell_type != "raw"
    ]
    page = Page(uri, header, cells, runs)
    if not runs and (page.code_cells or UNREAD.search(text) or any(cell.doctests for cell in cells)):
        raise PageError(
            f"{uri}: has Python in it, but no `jupyter: kernelspec: language: python` header to run it"
        )
    for number, cell in enumerate(page.code_cells, start=1):
        if runs and cell.source.startswith("%"):
            raise PageError(f"{uri}, cell {number}: pages hold plain Python; fence shell lines as ```console")
    for cell in cells:
        if not cell.is_code and (formula := TAG_IN_FORMULA.search(cell.source)):
            raise PageError(f"{uri}: {formula[0]} opens an HTML tag; put a space after the <")
    return page

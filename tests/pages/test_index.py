"""The front page: its numbers against NumPy, and what it says of every page's code."""

import ast
import doctest
import math
import re

import numpy as np
import pytest

from conftest import DOCS, URIS, parsed

PAGE = "index.md"


def names(code):
    """The names that code binds at any depth, and those that it reads."""
    bound, read = set(), set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
    return bound, read


def needed_of_prompts(page):
    """The names that a page's code blocks read and only its `>>>` lines have bound."""
    by_blocks, by_prompts, needed = set(), set(), set()
    for cell in page.cells:
        if cell.is_code:
            bound, read = names(cell.source)
            by_blocks |= bound
            needed |= (read & by_prompts) - by_blocks
        for block in cell.doctests:
            by_prompts |= names("".join(e.source for e in doctest.DocTestParser().get_examples(block)))[0]
    return needed


@pytest.mark.parametrize("uri", [uri for uri in URIS if parsed(uri).runs])
def test_no_code_block_needs_the_prompts(uri):
    assert not needed_of_prompts(parsed(uri))


def test_a_block_that_needs_a_prompt_is_seen():
    from _render import pages

    header = (DOCS / PAGE).read_text().split("\n---\n")[0] + "\n---\n"
    text = header + "# P\n\n```python\na = 1\n```\n\n```pycon\n>>> b = a\n```\n\n```python\nprint(b)\n```\n"
    assert needed_of_prompts(pages.read("learn/page.md", text)) == {"b"}


def test_the_line_is_that_of_least_squares(page):
    result = page(PAGE)["result"]
    x, y = page(PAGE)["x"], page(PAGE)["y"]
    slope, intercept = np.polyfit(x, y, 1)
    sigma = np.std(y - slope * x - intercept)
    error = sigma / math.sqrt(len(x) * np.var(x))
    assert result.estimates["slope"] == pytest.approx(slope, rel=1e-9)
    assert result.standard_errors["slope"] == pytest.approx(error, rel=1e-9)
    text = (DOCS / PAGE).read_text()
    quoted = re.search(
        r"this line is (\d+) ± (\d+) km/s per megaparsec, where \2 is its standard error, and the scatter "
        r"about it is (\d+)",
        text,
    )
    assert [int(number) for number in quoted.groups()] == [round(slope), round(error), round(sigma)]

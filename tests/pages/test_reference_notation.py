"""The notation's tables against the formulas of the pages: no letter without a row, no row without a use."""

import re
from collections import Counter
from pathlib import PurePosixPath

import pytest
from markdown.extensions.toc import slugify

from conftest import DOCS, URIS

URI = "reference/notation.md"
TWICE = "letters-that-serve-twice"
# Said in the conventions: what these are everywhere.
COMMON = {"e", "d", "i", "j", "O", "pi", "Gamma", "chi"}
GREEK = re.findall(
    r"\w+",
    "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi chi psi omega "
    "ell Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega",
)
WORDS = re.compile(r"\\(?:text|operatorname|mathrm|mathsf|begin|end)\*?\{[^}]*\}|\\T(?![a-zA-Z])")
HATS = re.compile(r"\\(?:hat|bar|tilde)\s*\{?\s*(\\?[A-Za-z]+)\}?")
INDEX = re.compile(r"_(?:\{[^{}]*\}|\\?[A-Za-z]+|\d)")
LETTER = re.compile(r"\\vec\s*\{?\s*(\\?[A-Za-z]+)\}?|\\([A-Za-z]+)|([A-Za-z])")
FORMULA = re.compile(r"\$\$(.*?)\$\$|(?<![\\$])\$([^$\n]+(?:\n[^$\n]+)?)\$", re.DOTALL)
CODE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)


def letters(text):
    """How often each letter stands in the formulas of Markdown: bold ones as `vec x`, no index."""
    found = Counter()
    for display, inline in FORMULA.findall(re.sub(r"`[^`\n]*`", "", CODE.sub("", text))):
        formula = INDEX.sub(" ", HATS.sub(r"\1 ", WORDS.sub(" ", display or inline)))
        for bold, command, plain in LETTER.findall(formula):
            if bold:
                found[f"vec {bold.removeprefix(chr(92))}"] += 1
            elif plain or command in GREEK:
                found[plain or command] += 1
    return found


def sections(uri):
    """The anchor of each section of a page, `""` before the first, and its letters."""
    anchor, *rest = re.split(r"^## (.*)$", CODE.sub("", (DOCS / uri).read_text()), flags=re.MULTILINE)
    yield "", letters(anchor)
    for heading, body in zip(rest[::2], rest[1::2], strict=True):
        yield slugify(heading.replace("`", ""), "-"), letters(body)


def tables():
    """The rows of the notation: those of the first tables, and those of the last, as lists of cells."""
    first, last = [], []
    for section in re.split(r"^## ", (DOCS / URI).read_text(), flags=re.MULTILINE)[1:]:
        heading, *lines = section.splitlines()
        rows = [line.strip("|").split(" | ") for line in lines if line.startswith("| $")]
        (last if slugify(heading, "-") == TWICE else first).extend(rows)
    return first, last


def places(cell):
    """The pages and sections that a cell links to."""
    for target in re.findall(r"\]\((.*?)\)", cell):
        path, _, anchor = target.partition("#")
        parts = PurePosixPath(URI).parent / path
        yield ("/".join(parts.parts[2:]) if ".." in parts.parts else str(parts)), anchor


ONCE, TWO = tables()
MAIN = {letter for row in ONCE for letter in letters(row[0])}
SECOND = [(letter, place) for row in TWO for place in places(row[2]) for letter in letters(row[0])]


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        (r"$\hat\sigma^2/x_i$ and `$q$`", {"sigma": 1, "x": 1}),
        (r"$$\vec{X}\T \vec r_k$$ $\lambda_{\max}$", {"vec X": 1, "vec r": 1, "lambda": 1}),
        ("```python\nf'$a$'\n```\n\n$\\text{se}\\,\\log b$", {"b": 1}),
        (r"from \$3 to \$4, $\operatorname{sign}(z)$", {"z": 1}),
    ],
)
def test_letters_are_those_that_a_reader_sees(markdown, expected):
    assert letters(markdown) == expected


def test_no_row_stands_twice():
    for cells in ([row[0] for row in ONCE], [f"{row[0]} {row[1]}" for row in TWO]):
        assert [cell for cell, times in Counter(cells).items() if times > 1] == []


def test_no_section_has_two_second_meanings_of_a_letter():
    """A row for a whole page counts in each of its sections."""
    claims = Counter()
    for letter, (uri, anchor) in SECOND:
        anchors = [anchor] if anchor else [name for name, _ in sections(uri)]
        claims.update((letter, uri, name) for name in anchors)
    assert [claim for claim, times in claims.items() if times > 1] == []


@pytest.mark.parametrize("uri", [u for u in URIS if u != URI])
def test_each_letter_of_a_page_has_a_row(uri):
    missing = set()
    for anchor, found in sections(uri):
        told = {letter for letter, place in SECOND if place in ((uri, ""), (uri, anchor))}
        if uri.startswith("learn/"):  # the last table names no section of these
            told = {letter.removeprefix("vec ") for row in (*ONCE, *TWO) for letter in letters(row[0])}
            found = {letter.removeprefix("vec ") for letter in found}
        missing |= {f"{letter} in #{anchor}" for letter in set(found) - told - MAIN - COMMON}
    assert not missing


@pytest.mark.parametrize(("letter", "place"), SECOND)
def test_each_second_meaning_is_used_where_the_table_says(letter, place):
    uri, anchor = place
    found = dict(sections(uri))
    used = found[anchor] if anchor else sum(found.values(), Counter())
    assert used[letter] > 0

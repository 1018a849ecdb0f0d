"""No page uses a term before the page that explains it, unless it says where that is."""

import posixpath
import re

import pytest
from markdown.extensions.toc import slugify

from _render import glossary
from conftest import DOCS, ROOT, URIS

# The page that explains a term of the glossary. Its other spellings stand in the glossary.
EXPLAINED = {
    "likelihood": "learn/likelihood.md",
    "log-likelihood": "learn/likelihood.md",
    "negative log-likelihood": "learn/likelihood.md",
    "maximum likelihood": "learn/likelihood.md",
    "standard error": "learn/likelihood.md",
    "delta method": "learn/uncertainty.md",
    "AIC and BIC": "learn/your-own-model.md",
    "likelihood-ratio test": "learn/your-own-model.md",
    "p-value": "learn/your-own-model.md",
    "profile likelihood": "guides/intervals.md",
}
SHORT = {"profile": "profile likelihood", "profiled": "profile likelihood"}

NOT_PROSE = re.compile(
    r"""
      \A---\n.*?^---\n  # front matter
    | ^(?P<indent>[ ]*)(?P<fence>```+|~~~+).*?^(?P=indent)(?P=fence)[ ]*$  # code, with its alt text
    | <!--.*?-->
    | ^\#\#[ ]Where[ ]next\b.*  # links to pages by their titles, and the footnotes
    | ^\[\^[^\]]+\]:.*?(?=^\S|\Z)  # a footnote elsewhere
    | \$\$.*?\$\$ | (?<!\\)\$[^$\n]+\$
    | `[^`\n]+`
    | <[^>\n]+>
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)
# A blank line, a row of a table, a heading, an item of a list.
PARAGRAPH = re.compile(r"\n[ ]*\n|(?<=\|)\n|(?<=\n)(?=\#)|\n(?=[ ]*(?:[-*]|\d+\.)[ ])")
SENTENCE = re.compile(r"(?<=[.!?])[)\"]?\s+(?=[^a-z\s])")
TARGET = re.compile(r"\]\(([^)\s]*)[^)]*\)")


def blank(match):
    """As many blanks, and the same lines: what follows keeps its place."""
    return re.sub(r"[^\n]", " ", match[0])


def pieces(pattern, text, offset=0):
    """What stands between the matches of `pattern`, each piece with its offset."""
    start = 0
    for match in pattern.finditer(text):
        yield offset + start, text[start : match.start()]
        start = match.end()
    yield offset + start, text[start:]


def sentences(text):
    """Each sentence of a page's prose: its offset in the page, itself, the next one of its paragraph."""
    for offset, paragraph in pieces(PARAGRAPH, NOT_PROSE.sub(blank, text)):
        found = list(pieces(SENTENCE, paragraph, offset))
        for (start, sentence), (_, following) in zip(found, [*found[1:], (0, "")], strict=True):
            yield start, sentence, following


def spellings():
    """Each spelling of a term, in lower case -> the term as it stands in `EXPLAINED`."""
    anchors = glossary.terms((DOCS / "reference/glossary.md").read_text(), slugify)
    terms = {anchors[term.casefold()]: term for term in EXPLAINED}
    return {spelling: terms[anchor] for spelling, anchor in anchors.items() if anchor in terms} | SHORT


def too_early(pages, explained):
    """Uses of a term on a page that comes before its explanation.

    At its first use the term needs a link to the page that explains it, in that sentence or the next one of
    the paragraph. From there on the page may use it.

    Args:
        pages: URI -> Markdown, in reading order.
        explained: spelling in lower case -> URI of the page that explains it.

    Returns:
        One line for each term of each page that fails, at its first use: page, line, term.
    """
    order = list(pages)
    longest_first = sorted(explained, key=len, reverse=True)
    words = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest_first)
    term = re.compile(rf"(?<![\w-])({words})s?(?![\w-])", re.IGNORECASE)
    reports = []
    for uri, text in pages.items():
        settled = {word for word, page in explained.items() if order.index(page) <= order.index(uri)}
        for offset, sentence, following in sentences(text):
            folder = posixpath.dirname(uri)
            told = {
                posixpath.normpath(posixpath.join(folder, target.split("#")[0]))
                for target in TARGET.findall(sentence + following)
            }
            for use in term.finditer(TARGET.sub(blank, sentence)):
                word = " ".join(use[1].casefold().split())
                if word in settled:
                    continue
                settled.add(word)
                if explained[word] not in told:
                    line = text.count("\n", 0, offset + use.start()) + 1
                    reports.append(f"{uri}:{line}: {use[0]!r} is explained only in {explained[word]}")
    return reports


def reading_order():
    """Learn in the order of the navigation, then guides and concepts."""
    nav = (ROOT / "mkdocs.yml").read_text().split("\nnav:\n")[1].split("\n\n")[0]
    found = re.findall(r"\b(?:learn|guides|concepts)/[\w-]+\.md", nav)
    return sorted(found, key=lambda uri: ["learn", "guides", "concepts"].index(uri.split("/")[0]))


def test_no_page_uses_a_term_before_it_is_explained():
    pages = {uri: (DOCS / uri).read_text() for uri in reading_order()}
    explained = {spelling: EXPLAINED[term] for spelling, term in spellings().items()}
    reports = too_early(pages, explained)
    assert not reports, "\n".join(["", *reports])


@pytest.mark.parametrize("term", EXPLAINED)
def test_the_page_that_explains_a_term_uses_it(term):
    """A table that names the wrong page would let everything pass."""
    text = (DOCS / EXPLAINED[term]).read_text()
    words = [spelling for spelling, same in spellings().items() if same == term]
    assert too_early({"page": text, "later": ""}, dict.fromkeys(words, "later"))


def test_every_page_is_in_the_order():
    folders = ("learn", "guides", "concepts")
    assert sorted(reading_order()) == [uri for uri in URIS if uri.startswith(folders)]


def test_the_home_page_lists_the_pages_in_this_order():
    listed = re.findall(r"\| \[[^\]]+\]\((learn/[\w-]+\.md)\) \|", (DOCS / "index.md").read_text())
    assert listed == [uri for uri in reading_order() if uri.startswith("learn/")]


FRONT = '---\ndescription: On "odds".\n---\n\n# A page\n\n'


@pytest.mark.parametrize(
    "text, lines",
    [
        ("The odds are high.", [7]),
        ("Even and\n\n- first\n- the ODDS.", [10]),
        ("The log\nodds are high.", [7]),  # one term over two lines, and not the shorter one in it
        ("## Odds\n\nText.", [7]),
        ("The odds. [More](later.md) on them.", []),
        ("The odds. A sentence. And [more](later.md).", [7]),
        ("The odds.\n\n[More](later.md) on them.", [7]),
        ("The odds, see [another](other.md).", [7]),
        ("See [the odds](other.md).", [7]),
        ("The odds. Later the odds again.", [7]),  # once a page and term
        ("| a | b |\n|---|---|\n| odds | [x](later.md) |", []),
        ("| a | b |\n|---|---|\n| odds | x |\n| y | [x](later.md) |", [9]),
        ("The odds, which [a later page](later.md#odds) explains. The odds are high.", []),
        ("The [odds](later.md)\nare high.", []),
        ("Against all-odds, oddsmaker.", []),  # other words
        ('```python alt="odds"\nodds = 1  # the odds\n```', []),
        ("    ```python\n    odds = 1\n    ```\n\nThe odds.", [11]),
        ("`odds` and $odds$ and <b title='odds'>.\n\n$$\nodds\n$$", []),
        ("Text.[^a]\n\n[^a]: On odds,\n    and odds.\n", []),
        ("See [that](x/odds.md).", []),
        ("## Where next\n\n- The odds.\n", []),
    ],
)
def test_the_checker_sees_what_a_reader_reads(text, lines):
    pages = {"first.md": FRONT + text, "other.md": "", "later.md": "The odds. Log odds."}
    reports = too_early(pages, {"odds": "later.md", "log odds": "later.md"})
    assert [int(report.split(":")[1]) for report in reports] == lines
    assert all(report.startswith("first.md:") and "odds" in report.lower() for report in reports)


def test_the_checker_follows_the_order_of_the_pages():
    pages = {"learn/a.md": "The [odds](b.md).", "learn/b.md": "The odds.", "guides/c.md": "The odds."}
    assert not too_early(pages, {"odds": "learn/b.md"})
    assert not too_early(pages | {"learn/a.md": "[Odds](../learn/b.md#x)."}, {"odds": "learn/b.md"})
    turned = dict(reversed(pages.items()))
    assert too_early(turned, {"odds": "learn/b.md"}) == [
        "guides/c.md:1: 'odds' is explained only in learn/b.md"
    ]

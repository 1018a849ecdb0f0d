"""What differs between two builds of the site, page by page: text, figures, formulas.

    uv run python tests/sites.py SITE OTHER

prints a report and ends well whatever it says. The tests use the same comparison.
"""

import difflib
import re
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

AROUND = "script, style, .headerlink, .md-content__button, .md-source-file, button, nav"
ARTICLE = re.compile(r"<article.*</article>", re.DOTALL)
CONTEXT = 40  # characters of either side that a difference is told with


def page(path):
    """What a reader gets from a page, by its file: words, figures by what they show, drawings, formulas."""
    article = BeautifulSoup(ARTICLE.search(path.read_text())[0], "html.parser")
    for tag in [
        *article.select(AROUND),
        *(small.find_parent("p") or small for small in article.select(".ran, .place")),
    ]:
        tag.decompose()
    formulas = [" ".join(formula.extract().get_text(" ").split()) for formula in article.find_all("math")]
    links = [tag.get("href") or tag.get("src") or "" for tag in article.select("a[href], img[src]")]
    figures = [image.get("alt", "") for image in article.find_all("img")]
    return {
        "words": article.get_text().split(),
        "figures": figures,
        "drawings": [" ".join(drawing.get_text(" ").split()) for drawing in article.find_all("svg")],
        "formulas": formulas,
        "links that lead nowhere": sorted({link for link in links if not _leads(path, link)}),
    }


def _leads(path, link):
    parts = urlsplit(link)
    file = path.parent / unquote(parts.path)
    return bool(
        parts.scheme or parts.path[:1] == "/" or (file / "index.html" if file.is_dir() else file).is_file()
    )


def differences(one, two):
    """What differs between two folders, a line for each thing; nothing where the sites agree."""
    found = []
    for path in sorted(one.rglob("index.html")):
        name = f"{path.parent.relative_to(one)}/"
        if not (two / path.relative_to(one)).exists():
            found.append(f"{name}: missing")
            continue
        here, there = page(path), page(two / path.relative_to(one))
        found += [
            f"{name}: {what}: {_first(here[what], there[what])}" for what in here if here[what] != there[what]
        ]
    return found


def _first(here, there):
    """The first place where two lists part, in words."""
    match = difflib.SequenceMatcher(None, here, there, autojunk=False)
    kind, start, end, other_start, other_end = next(
        step for step in match.get_opcodes() if step[0] != "equal"
    )
    before, after = (" ".join(part)[:CONTEXT] for part in (here[start:end], there[other_start:other_end]))
    return f"{len(here)} and {len(there)}, first {kind} at {start}: {before!r} became {after!r}"


if __name__ == "__main__":
    one, two = map(Path, sys.argv[1:])
    lines = differences(one, two)
    pages = len(list(one.rglob("index.html")))
    print(f"{pages} pages, {len({line.partition(':')[0] for line in lines})} of them differ")
    print("\n".join(lines))

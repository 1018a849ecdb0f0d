"""Print the whole course as one PDF: `python -m docs._render.course OUT.pdf`. It needs Chromium.

The parts are pages of the built site, in the order of the navigation, joined to one that is printed.
"""

import argparse
import html
import os
import posixpath
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from _render import built, printed

PARTS = ("Learn", "Guides", "Concepts")
APPENDIX = ("reference/formulas.md", "reference/notation.md", "reference/glossary.md")
FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>{styles}</head>
<body class="course" data-md-color-scheme="default"><main class="md-typeset">
<header><p class="course-title">{title}</p><p>{about}</p></header>
<nav>{contents}</nav>
{chapters}
</main></body></html>
"""
DROPPED = ".md-content__button, .headerlink, .footnote-backref, script, nav, button, .place"


def chapters(nav, above=()):
    """Yield the titles above each page of the course, and its URI, in reading order.

    Args:
        nav: the navigation as `mkdocs.yml` has it.
        above: the titles that it stands under.
    """
    for item in nav:
        for title, inside in [(None, item)] if isinstance(item, str) else item.items():
            if not isinstance(inside, str):
                yield from chapters(inside, (*above, title))
            elif (above and above[0] in PARTS) or inside in APPENDIX:
                yield above, inside


def joined(site, config):
    """The HTML of the whole course, to lie at the root of the built site.

    Identifiers are told apart by the page that they come from. Links inside the course stay inside it; others
    lead to the public site if it has an address, and to nothing otherwise.

    Args:
        site: the folder of the built site.
        config: MkDocs' settings: its name, navigation and address.
    """
    found = list(chapters(config["nav"]))
    names = {_address(uri): _name(uri) for _, uri in found}
    parts, contents, before = [], [], ()
    for above, uri in found:
        article = BeautifulSoup((site / _address(uri) / "index.html").read_text(), "html.parser").article
        title = html.escape(article.h1.get_text().rstrip("¶"))
        if above != before:
            contents.append(f"<p>{html.escape(': '.join(above))}</p>")
        contents.append(f'<a href="#{_name(uri)}">{title}</a>')
        _settle(article, _address(uri), names, config["site_url"] or "")
        parts.append(f'<article id="{_name(uri)}">{article.decode_contents()}</article>')
        before = above
    head = BeautifulSoup((site / "index.html").read_text(), "html.parser").head
    return FRAME.format(
        title=html.escape(config["site_name"]),
        about=html.escape(config["site_description"]),
        styles="".join(map(str, head.select('link[rel="stylesheet"]'))),
        contents="".join(contents),
        chapters="\n".join(parts),
    )


def _settle(article, address, names, public):
    """Let a page's links, figures and identifiers hold in the whole course; tell formulas as pictures."""
    for tag in article.select(DROPPED):
        tag.decompose()
    for tag in article.find_all(id=True):
        tag["id"] = f"{names[address]}--{tag['id']}"
    for image in article.find_all("img"):
        image["src"] = posixpath.normpath(posixpath.join(address, image["src"]))
        image.attrs.pop("loading", None)
    for link in article.find_all("a", href=True):
        parts = urlsplit(link["href"])
        target = urljoin(f"/{address}", unquote(parts.path)).lstrip("/") if parts.path else address
        if not parts.scheme and target in names:
            anchor = "" if parts.fragment.startswith("explore=") else unquote(parts.fragment)
            link["href"] = f"#{names[target]}--{anchor}".removesuffix("--")
        elif not parts.scheme and public:
            link["href"] = urljoin(public, target) + (f"#{parts.fragment}" if parts.fragment else "")
        elif not parts.scheme:
            link.unwrap()
    for formula in article.find_all("math"):
        says = formula.annotation or formula
        told = BeautifulSoup("", "html.parser").new_tag(
            "span", attrs={"role": "img", "aria-label": " ".join(says.get_text().split())}
        )
        formula.wrap(told)


def _address(uri):
    """Where the site has a page: `learn/line/`."""
    return f"{uri.removesuffix('.md').removesuffix('index').rstrip('/')}/"


def _name(uri):
    return uri.removesuffix(".md").replace("/", "-")


def to_pdf(page, out):
    """Print the HTML file `page` to the PDF file `out`, figures and headings marked in it.

    Raises:
        SystemExit: without Chromium, and with what it says if it fails.
    """
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        raise SystemExit("no browser: `apt-get install chromium`, or set CHROMIUM to the path of one")
    quiet = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-pdf-header-footer",
        "--generate-pdf-document-outline",
    ]
    with tempfile.TemporaryDirectory() as profile:
        own = [f"--user-data-dir={profile}", f"--print-to-pdf={out.resolve()}", page.resolve().as_uri()]
        ended = subprocess.run([chromium, *quiet, *own], capture_output=True, text=True, check=False)
    if ended.returncode or not out.exists():
        raise SystemExit(f"Chromium did not print: {ended.stderr}")


def main():
    """Build the site, join the course, print it, and say what is in the PDF."""
    parser = argparse.ArgumentParser(prog="docs._render.course", description=__doc__.partition(":")[0])
    parser.add_argument("out", type=Path, help="the PDF file to write")
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        page = site / "course.html"
        page.write_text(joined(site, built.site(site)))
        to_pdf(page, out)
        missing = printed.missing(page, out)
    if missing:
        raise SystemExit("\n".join(["the PDF is not whole:", *missing]))
    print(f"{out}: {printed.told(out)}")


if __name__ == "__main__":
    main()

"""What MkDocs calls: run the pages, lay out figures and notebooks, draw formulas, link terms and sources."""

import json
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

from markdown.extensions.toc import slugify
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File
from mkdocs.utils import get_relative_url

ROOT = Path(__file__).parents[2]
PATH = [str(ROOT), str(ROOT / "docs")]
sys.path[:0] = PATH

from _render import cache, glossary, lighten, maths, notebooks, pages, sources

PACKAGE = ROOT / "mlefit"
CACHE = ROOT / ".cache"
GLOSSARY = "reference/glossary.md"
WITHOUT_TERMS = (GLOSSARY, "reference/api", "reference/changelog", sources.FOLDER)
WRAPPED = re.compile(r'<script type="text/markdown">(.*?)</script>', re.DOTALL)

drawn = set()  # the characters of every formula, for the font
places = {}  # public name -> line of source
terms = {}  # spelling -> anchor in the glossary


def on_startup(command, dirty):
    """Let the processes that run pages import this tree: MkDocs resets the path after loading a hook."""
    sys.path[:0] = PATH


@event_priority(100)  # before mkdocs-jupyter looks at the files
def on_files(files, config):
    """Run the pages and put their executed notebooks in their place."""
    _start_over(files)
    with _plain_errors():
        found = [pages.read(file.src_uri, file.content_string) for file in files.documentation_pages()]
        running = [page for page in found if page.runs]
        results = cache.outputs(running, PACKAGE, CACHE / "outputs")
    for page in running:
        _lay_out(page, results[page.uri], files, config)
    for uri, text in sources.listings(PACKAGE, cache.fingerprint(PACKAGE)):
        files.append(File.generated(config, uri, content=text))
    return files


@event_priority(-50)  # after mkdocs-jupyter has drawn the notebook
def on_page_markdown(markdown, page, config, files):
    """Unwrap the notebook's Markdown, and offer the notebook."""
    wrapped = WRAPPED.search(markdown)
    if not wrapped:
        return markdown
    file = files.get_file_from_path(notebooks.download_file(page.file.src_uri))
    page.meta["notebook"] = get_relative_url(file.url, page.url)
    return json.loads(wrapped[1])


@event_priority(-50)
def on_page_content(html, page, config, files):
    """Turn LaTeX into MathML; link the glossary's terms and the API's sources."""
    uri = page.file.src_uri
    with _plain_errors():
        content = maths.to_mathml(html, uri)
    drawn.update(maths.glyphs(content))
    if terms and not uri.startswith(WITHOUT_TERMS):
        content = glossary.link(
            content, terms, get_relative_url(files.get_file_from_path(GLOSSARY).url, page.url)
        )
    content = sources.link(content, places, get_relative_url(".", page.url).rstrip("/") + "/")
    return lighten.content(content)  # before search reads it, tag by tag


def on_post_page(output, page, config):
    """Leave out the bytes that nobody sees."""
    return lighten.page(output)


def on_post_build(config):
    """Write the font for the formulas drawn."""
    target = Path(config.site_dir, "assets", "math.woff2")
    target.write_bytes(maths.font("".join(sorted(drawn))))


def _start_over(files):
    drawn.clear()
    terms.clear()
    places.update(sources.locations(PACKAGE, cache.fingerprint(PACKAGE)))
    if entries := files.get_file_from_path(GLOSSARY):
        terms.update(glossary.terms(entries.content_string, slugify))


def _lay_out(page, outputs, files, config):
    notebook = CACHE / "notebooks" / Path(page.uri).with_suffix(".ipynb")
    notebook.parent.mkdir(parents=True, exist_ok=True)
    notebook.write_text(notebooks.executed(page, outputs))
    files.get_file_from_path(page.uri).abs_src_path = str(notebook)
    for uri, data in notebooks.figures(page, outputs):
        files.append(File.generated(config, uri, content=data))

    def address(target):
        path, hash_sign, anchor = target.partition("#")
        linked = files.get_file_from_path(urljoin(f"/{page.uri}", path).lstrip("/"))
        return (
            urljoin(config.site_url, linked.url) + hash_sign + anchor if config.site_url and linked else None
        )

    download = notebooks.download(page, address)
    files.append(File.generated(config, notebooks.download_file(page.uri), content=download))


@contextmanager
def _plain_errors():
    """An error in a page ends the build with its message, without a traceback through MkDocs."""
    try:
        yield
    except pages.PageError as error:
        raise PluginError(str(error)) from None

"""What MkDocs calls: run the pages, lay out figures and notebooks, draw formulas, link terms and sources."""

import json
import re
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from jinja2 import FileSystemBytecodeCache
from markdown.extensions.toc import slugify
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File
from mkdocs.utils import get_relative_url

ROOT = Path(__file__).parents[2]
PATH = [str(ROOT), str(ROOT / "docs")]
sys.path[:0] = PATH

from _render import (
    alternate,
    api,
    cache,
    exercises,
    explorers,
    front,
    glossary,
    house,
    kept,
    laying,
    lectures,
    lighten,
    maths,
    notebooks,
    pages,
    place,
    ran,
    rendered,
    repository,
    searching,
    serving,
    sources,
    typeface,
)

PACKAGE = ROOT / "mlefit"
CACHE = ROOT / ".cache"
GLOSSARY = "reference/glossary.md"
WITHOUT_TERMS = (GLOSSARY, "reference/api", "reference/changelog", sources.FOLDER)
WRAPPED = re.compile(r'<script type="text/markdown">(.*?)</script>', re.DOTALL)

drawn = set()  # the characters of every formula, for the font
written = set()  # the characters of every page's text, for the text face
places = {}  # public name -> line of source
terms = {}  # spelling -> anchor in the glossary
executed = {}  # URI -> the page, for those that run
on_what = {}  # what pages depend on besides their own text
texts = {}  # URI -> a function: the page as plain Markdown
ran_with = {}  # URI -> when and with which versions the page ran
is_served = False


def on_startup(command, dirty):
    """Let the processes that run pages import this tree: MkDocs resets the path after loading a hook."""
    global is_served
    is_served = command == "serve"
    sys.path[:0] = PATH


def on_config(config):
    """Let Markdown know the elements of the explorers; offer to edit pages only in a repository."""
    config.markdown_extensions.append(explorers.Elements())
    if not config.repo_url:
        config.edit_uri = None
    return config


def on_serve(server, config, builder):
    """Build again when outputs arrive for pages that were served without them."""
    serving.watch(server, cache.runner, CACHE / "arrived")


def on_shutdown():
    """End what still runs."""
    serving.stopped.set()
    cache.runner.stop()


@event_priority(100)  # before mkdocs-jupyter looks at the files
def on_files(files, config):
    """Run the pages and put their executed notebooks in their place."""
    package = cache.fingerprint(PACKAGE)
    _start_over(files, package)
    with _plain_errors():
        found = [pages.read(*page) for page in _written(files, Path(config.docs_dir))]
        running = [page for page in found if page.runs]
        results = cache.results(running, PACKAGE, CACHE / "outputs", at_once=is_served)
    homes = api.homes({file.src_uri: file.content_string for file in files.documentation_pages()})
    figures = []
    for page in found:
        if isinstance(results.get(page.uri), str):
            page, outputs = serving.without_outputs(page, results[page.uri])
            results[page.uri] = {"outputs": outputs, "ran": None}
        if page.runs:
            executed[page.uri] = page
            ran_with[page.uri] = results[page.uri]["ran"] and ran.told(results[page.uri]["ran"])
            figures += laying.out(page, results[page.uri], files, homes, config, CACHE / "notebooks")
        told = page, results.get(page.uri), files, homes, sources.tree(PACKAGE, package)
        texts[page.uri] = partial(alternate.text, *told)
    for uri, text, module in sources.listings(PACKAGE, package):
        files.append(File.generated(config, uri, content=text))
        texts[uri] = partial(alternate.listing, module)
    on_what["pages"] = {page.uri: page for page in found}
    on_what["figures"] = sorted(figures)
    on_what["all"] = _depends(files, config, figures)
    on_what["package"] = package, [page.cells for page in found if _shows_package(repr(page.cells))]
    return files


@event_priority(-100)  # when mkdocs-jupyter has said how a notebook is drawn
def on_pre_page(page, config, files):
    """Take the page's HTML from the last build if all is as it was."""
    text, uri = page.file.content_string, page.file.src_uri
    elsewhere = [figure for figure in on_what["figures"] if "/".join(figure.rsplit("/", 2)[-2:]) in text]
    key = uri, text, elsewhere, on_what["all"], _shows_package(text) and on_what["package"]
    rendered.prepare(page, kept.file(CACHE / "pages", uri, key), config, files)
    return page


@event_priority(-50)  # after mkdocs-jupyter has drawn the notebook
def on_page_markdown(markdown, page, config, files):
    """Unwrap the notebook's Markdown, offer the notebook, and draw the house."""
    if file := files.get_file_from_path(notebooks.download_file(page.file.src_uri)):
        page.meta["notebook"] = get_relative_url(file.url, page.url)
        page.meta["colab"] = repository.colab(config.repo_url, file.dest_uri)
        page.meta["explorers"] = explorers.loaded(executed[page.file.src_uri], page.url)
    page.meta["ran"] = ran_with.get(page.file.src_uri)
    if page.file.src_uri in rendered.given:
        return rendered.given[page.file.src_uri]["markdown"]
    if house.PLACEHOLDER in markdown:
        with _plain_errors():
            markdown = markdown.replace(house.PLACEHOLDER, house.drawing(PACKAGE))
    wrapped = WRAPPED.search(markdown)
    return json.loads(wrapped[1]) if wrapped else markdown


@event_priority(-50)
def on_page_content(html, page, config, files):
    """Turn LaTeX into MathML; link the glossary's terms and the API's sources."""
    uri = page.file.src_uri
    if uri in rendered.given:
        drawn.update(rendered.given[uri]["glyphs"])
        return html
    with _plain_errors():
        content = maths.to_mathml(html, uri)
    glyphs = maths.glyphs(content)
    drawn.update(glyphs)
    if terms and not uri.startswith(WITHOUT_TERMS):
        content = glossary.link(
            content, terms, get_relative_url(files.get_file_from_path(GLOSSARY).url, page.url)
        )
    content = sources.link(content, places, get_relative_url(".", page.url).rstrip("/") + "/")
    content = lighten.content(content)  # before search reads it, tag by tag
    rendered.finish(page, content, glyphs)
    return content


def on_env(env, config, files):
    """Keep what search reads and how templates are compiled from build to build."""
    on_what["searched"] = searching.remember(config.plugins["material/search"].search_index, CACHE / "search")
    (CACHE / "templates").mkdir(parents=True, exist_ok=True)
    env.bytecode_cache = FileSystemBytecodeCache(CACHE / "templates")
    return env


def on_nav(nav, config, files):
    """Remember the order of the pages."""
    on_what["nav"] = nav
    with _plain_errors():
        on_what["course"] = place.Course(nav, on_what["pages"])


def on_page_context(context, page, config, nav):
    """Say where the page stands, and what to read before and after it."""
    page.meta["place"], page.meta["neighbours"] = on_what["course"].told(page)
    return context


def on_post_page(output, page, config):
    """Put the page's Markdown beside it, and leave out the bytes that nobody sees."""
    alternate.write(texts[page.file.src_uri](), page)
    written.update(typeface.characters(output))
    return lighten.page(output)


def on_post_build(config):
    """Write the font and the list of pages, forget pages that are gone, and name those that take long."""
    target = Path(config.site_dir, "assets", "math.woff2")
    target.write_bytes(maths.font("".join(sorted(drawn))))
    typeface.write(target.parent, written)
    Path(config.site_dir, alternate.NAME).write_text(alternate.index(config, on_what["nav"]))
    searching.from_a_folder(Path(config.site_dir, "search"))
    kept.tidy(CACHE / "pages", rendered.wanted)
    kept.tidy(CACHE / "search", on_what["searched"])
    cache.runner.tell_slow()


def _start_over(files, package):
    rendered.start_over()
    for memory in (drawn, written, terms, texts, ran_with, executed):
        memory.clear()
    places.update(sources.locations(PACKAGE, package))
    if entries := files.get_file_from_path(GLOSSARY):
        terms.update(glossary.terms(entries.content_string, slugify))


def _written(files, docs):
    """The URI and Markdown of each page, with what the build writes into it."""
    texts = {file.src_uri: file.content_string for file in files.documentation_pages()}
    for file in files.documentation_pages():
        text = lectures.written(file.src_uri, front.filled(texts[file.src_uri], docs), texts)
        text = exercises.written(file.src_uri, text, texts)
        if exercises.PLACEHOLDER in texts[file.src_uri]:
            file.content_string = text  # MkDocs reads that page itself: it does not run.
        yield file.src_uri, text


def _depends(files, config, figures):
    """What the HTML of every page depends on: the tools, the settings, the glossary, where links lead."""
    settings = Path(config.config_file_path).read_bytes()
    places_to_link = sorted((file.src_uri, file.url) for file in files if file.src_uri not in set(figures))
    return kept.digest([kept.tools(), settings, sorted(terms.items()), places_to_link])


def _shows_package(text):
    return "::: mlefit" in text or house.PLACEHOLDER in text


@contextmanager
def _plain_errors():
    """An error in a page ends the build with its message, without a traceback through MkDocs."""
    try:
        yield
    except pages.PageError as error:
        raise PluginError(str(error)) from None

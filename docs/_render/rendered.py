"""A page's HTML, kept with all that rendering it tells the build, until something it depends on changes."""

import logging
from contextlib import contextmanager

from mkdocs.structure.toc import AnchorLink, TableOfContents
from mkdocs.utils import CountHandler

from _render import kept

drawing = {}  # URI -> where the page being rendered is to be kept, and what it has told the build
given = {}  # URI -> what was kept of a page
pages = {}  # URI -> MkDocs' page, as this build has it
wanted = []  # every file that this build has asked for


def start_over():
    """Before a build."""
    for memory in (drawing, given, pages, wanted):
        memory.clear()


def prepare(page, path, build, files):
    """Give the page what `path` holds of it in place of rendering it, or listen while it is rendered.

    Args:
        page: MkDocs' page; mkdocs-jupyter has dressed it where it is a notebook.
        path: where its HTML is kept, under the digest of all that it depends on.
        build: MkDocs' configuration.
        files: MkDocs' files.
    """
    uri, render = page.file.src_uri, page.render
    wanted.append(path)
    pages[uri] = page
    record = kept.read(path)
    if record is None:
        drawing[uri] = path, {"anchors": [], "inventory": [], "quiet": True}
        page.render = lambda config, files: _listen(page, render, config, files, build.plugins)
    else:
        given[uri] = record
        page._mkdocs_jupyter_content = lambda: {"content": ""}
        page.render = lambda config, files: _replay(page, record, files, build.plugins)


def finish(page, content, glyphs):
    """Keep the page now that its content is final, unless rendering it gave a warning, to be given again."""
    path, record = drawing.pop(page.file.src_uri)
    if record.pop("quiet"):
        record.update(
            markdown=page.markdown,
            content=content,
            glyphs=sorted(glyphs),
            title=page._title_from_render,
            toc=_written(page.toc),
            ids=sorted(page.present_anchor_ids),
            links={to.src_uri: anchors for to, anchors in (page.links_to_anchors or {}).items()},
        )
        kept.write(path, record)


def _listen(page, render, config, files, plugins):
    _, record = drawing[page.file.src_uri]
    handlers, autorefs = plugins["mkdocstrings"].handlers, plugins["autorefs"]
    with (
        _warnings() as count,
        _heard(autorefs, "register_anchor", record["anchors"]),
        _heard(handlers.inventory, "register", record["inventory"]),
    ):
        render(config, files)
    record["anchors"] = [
        (args[1:], named) for args, named in record["anchors"]
    ]  # the page itself comes first
    record["quiet"] = not count()


def _replay(page, record, files, plugins):
    page.content = record["content"]
    page._title_from_render = record["title"]
    page.toc = TableOfContents([_anchor(item) for item in record["toc"]])
    if page.toc.items:
        page.toc.items[0].active = True
    page.present_anchor_ids = set(record["ids"])
    page.links_to_anchors = {files.get_file_from_path(uri): to for uri, to in record["links"].items()}
    for args, named in record["anchors"]:
        plugins["autorefs"].register_anchor(page, *args, **named)
    for args, named in record["inventory"]:
        handlers = plugins["mkdocstrings"].handlers
        handlers.get_handler("python")  # whose style sheet and inventory the build writes if it has been used
        handlers.inventory.register(*args, **named)


@contextmanager
def _heard(thing, name, calls):
    method = getattr(thing, name)

    def call(*args, **named):
        calls.append((args, named))
        return method(*args, **named)

    setattr(thing, name, call)
    try:
        yield
    finally:
        delattr(thing, name)


@contextmanager
def _warnings():
    counter = CountHandler(level=logging.WARNING)
    logging.getLogger("mkdocs").addHandler(counter)
    try:
        yield counter.get_counts
    finally:
        logging.getLogger("mkdocs").removeHandler(counter)


def _written(toc):
    return [(item.title, item.id, item.level, _written(item.children)) for item in toc]


def _anchor(item):
    title, name, level, children = item
    link = AnchorLink(title, name, level)
    link.children = [_anchor(child) for child in children]
    return link

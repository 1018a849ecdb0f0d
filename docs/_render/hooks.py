"""What MkDocs calls: run the pages, lay out their figures and notebooks, turn formulas into MathML."""

import json
import re
import sys
from pathlib import Path
from urllib.parse import urljoin

from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File
from mkdocs.utils import get_relative_url

ROOT = Path(__file__).parents[2]
PATH = [str(ROOT), str(ROOT / "docs")]
sys.path[:0] = PATH

from _render import cache, maths, notebooks, pages, sources

PACKAGE = ROOT / "mlefit"
CACHE = ROOT / ".cache"
WRAPPED = re.compile(r'<script type="text/markdown">(.*?)</script>', re.DOTALL)

drawn = set()
places = {}


def on_startup(command, dirty):
    """Let the processes that run pages import this tree: MkDocs resets the path after loading a hook."""
    sys.path[:0] = PATH


@event_priority(100)  # before mkdocs-jupyter looks at the files
def on_files(files, config):
    """Run the pages and put their executed notebooks in their place."""
    drawn.clear()
    places.update(sources.locations(PACKAGE))
    found = [pages.read(file.src_uri, file.content_string) for file in files.documentation_pages()]
    running = [page for page in found if page.runs]
    results = cache.outputs(running, PACKAGE, CACHE / "outputs")
    for page in running:
        _lay_out(page, results[page.uri], files, config)
    for uri, text in sources.listings(PACKAGE):
        files.append(File.generated(config, uri, content=text))
    return files


def _lay_out(page, outputs, files, config):
    source = files.get_file_from_path(page.uri)
    notebook = CACHE / "notebooks" / Path(page.uri).with_suffix(".ipynb")
    notebook.parent.mkdir(parents=True, exist_ok=True)
    notebook.write_text(notebooks.executed(page, outputs))
    source.abs_src_path = str(notebook)
    for uri, data in notebooks.figures(page, outputs):
        files.append(File.generated(config, uri, content=data))

    def address(target):
        path, _, anchor = target.partition("#")
        linked = files.get_file_from_path(str(Path(page.uri).parent.joinpath(path)))
        linked = linked or files.get_file_from_path(_joined(page.uri, path))
        place = urljoin(config.site_url or "", linked.url if linked else path)
        return f"{place}#{anchor}" if anchor else place

    files.append(File.generated(config, download_uri(page.uri), content=notebooks.download(page, address)))


def _joined(uri, path):
    return urljoin(f"/{uri}", path).lstrip("/")


def download_uri(uri):
    stem = uri.removesuffix(".md")
    return f"{stem}/{Path(stem).name}.ipynb"


@event_priority(-50)  # after mkdocs-jupyter has drawn the notebook
def on_page_markdown(markdown, page, config, files):
    """Unwrap the notebook's Markdown, and offer the notebook."""
    wrapped = WRAPPED.search(markdown)
    if not wrapped:
        return markdown
    file = files.get_file_from_path(download_uri(page.file.src_uri))
    page.meta["notebook"] = get_relative_url(file.url, page.url)
    return json.loads(wrapped[1])


@event_priority(-50)
def on_page_content(html, page, config, files):
    """Turn LaTeX into MathML and link the API to the source."""
    try:
        content = maths.to_mathml(html, page.file.src_uri)
    except pages.PageError as error:
        raise PluginError(str(error)) from None
    drawn.update(maths.glyphs(content))
    return sources.link(content, places, get_relative_url(".", page.url).rstrip("/") + "/")


def on_post_build(config):
    """Write the font for the formulas drawn."""
    target = Path(config.site_dir, "assets", "math.woff2")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(maths.font("".join(sorted(drawn))))

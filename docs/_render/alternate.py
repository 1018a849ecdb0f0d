"""Each page as Markdown beside its HTML, and `llms.txt`, which lists them: for readers that are programs."""

import posixpath
from itertools import groupby
from pathlib import Path, PurePosixPath
from urllib.parse import urljoin

from _render import api, house, notebooks, plain, ran

NAME = "llms.txt"


def followed(uri, target, files, homes):
    """What a link of the page `uri` leads to: MkDocs' file, or None, and `#anchor` or nothing.

    Args:
        uri: the page.
        target: as its Markdown has it: `line.md#a-part`, `#a-part`, or a name of the API, `mlefit.fit`.
        files: MkDocs' files.
        homes: which page documents which name.
    """
    if target.startswith("mlefit"):
        home = api.home(target, homes)
        return (files.get_file_from_path(home) if home else None), f"#{target}"
    path, sign, anchor = target.partition("#")
    place = urljoin(f"/{uri}", path).lstrip("/") if path else uri
    return files.get_file_from_path(place), sign + anchor


def text(page, result, files, homes, root):
    """The page in plain Markdown, its outputs and figures in their places; links lead to other such pages.

    Args:
        page: the page.
        result: its outputs, and when and with what it ran; None for a page that does not run.
        files: MkDocs' files.
        homes: which page documents which name of the API.
        root: the package as Griffe reads it.
    """
    here = posixpath.dirname(_place(files.get_file_from_path(page.uri)))

    def address(target):
        file, anchor = followed(page.uri, target, files, homes)
        return file and posixpath.relpath(_place(file), here) + anchor

    blocks, outputs = [], enumerate(result["outputs"] if result else (), start=1)
    for cell in page.cells:
        if not cell.is_code:
            drawn = cell.source
            if house.PLACEHOLDER in drawn:
                rooms = house.drawing(Path(root.filepath).parent).partition("\n\n")[2]
                drawn = drawn.replace(house.PLACEHOLDER, rooms)
            blocks.append(plain.markdown(api.described(drawn, root), address).strip())
            continue
        number, output = next(outputs)
        blocks.append(_fenced("python", cell.source))
        if output["text"]:
            blocks.append(_fenced("text", output["text"]))
        if "figure" in output:
            figure = posixpath.relpath(notebooks.figure_file(page, number, output), here)
            blocks.append(f"![{cell.alt}]({figure})")
    if result and result["ran"]:
        blocks.append(ran.told(result["ran"]))
    return "\n\n".join(filter(None, blocks)) + "\n"


def listing(module):
    """The source of a module of the package, whose listing is a page too."""
    return _fenced("python", Path(module).read_text().rstrip()) + "\n"


def write(text, page):
    """Put the text beside the page's HTML."""
    target = Path(page.file.abs_dest_path).with_suffix(".md")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)


def index(config, nav):
    """The text of `llms.txt`: the pages in the order of the navigation, each with what it is for.

    Its form is that of llmstxt.org: a title, a quotation, then sections that are lists of links.
    """
    lines = [f"# {config.site_name}", "", f"> {config.site_description}", ""]
    _list(nav.items, (), config.site_url or "", lines)
    return "\n".join(lines) + "\n"


def _list(items, above, root, lines):
    for is_page, group in groupby(items, key=lambda item: item.is_page):
        if is_page and above:
            lines += ["", f"## {': '.join(above)}", ""]
        for item in group:
            if is_page:
                address = urljoin(root, _place(item.file)) if root else _place(item.file)
                lines.append(f"- [{item.title}]({address}): {item.meta.get('description', '')}")
            elif item.is_section:
                _list(item.children, (*above, item.title), root, lines)


def _place(file):
    """Where the Markdown of a page lies in the site, or any other file itself: `learn/line/index.md`."""
    path = PurePosixPath(file.dest_uri)
    return str(path.with_suffix(".md") if file.is_documentation_page() else path)


def _fenced(language, code):
    fence = "````" if "```" in code else "```"
    return f"{fence}{language}\n{code}\n{fence}"

"""A page and its outputs as Jupyter notebooks: one for mkdocs-jupyter to draw, one for readers to run."""

import base64
import json
from pathlib import PurePosixPath

import yaml

from _render import maths, plain

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def figures(page, outputs):
    """Yield the file name and bytes of each figure that the page draws."""
    for number, output in enumerate(outputs, start=1):
        if "figure" in output:
            is_svg = output["mime"] == "image/svg+xml"
            data = output["figure"].encode() if is_svg else base64.b64decode(output["figure"])
            yield figure_file(page, number, output), data


def figure_file(page, number, output):
    """Where the figure of a cell lies, beside the page: `learn/line/figure-3.svg`."""
    suffix = "svg" if output["mime"] == "image/svg+xml" else "png"
    return f"{page.uri.removesuffix('.md')}/figure-{number}.{suffix}"


def download_file(uri):
    """Where the notebook of a page lies: `learn/line/line.ipynb`."""
    stem = PurePosixPath(uri.removesuffix(".md"))
    return str(stem / f"{stem.name}.ipynb")


def executed(page, outputs):
    """The page with its outputs, as mkdocs-jupyter reads it; figures stay in files of their own."""
    cells = [_markdown(f"---\n{yaml.safe_dump(page.header)}---\n", "header")]
    results = iter(enumerate(outputs, start=1))
    for index, cell in enumerate(page.cells):
        if not cell.is_code:
            cells.append(_markdown(cell.source, f"cell-{index}"))
            continue
        number, output = next(results)
        shown = []
        if output["text"]:
            shown.append({"output_type": "stream", "name": "stdout", "text": output["text"]})
        if "figure" in output:
            file = PurePosixPath(figure_file(page, number, output)).relative_to(
                PurePosixPath(page.uri).parent
            )
            size = {"file": str(file), "width": output["width"], "height": output["height"]}
            size["explorer"] = output.get("explorer")
            shown.append({"output_type": "display_data", "data": {}, "metadata": size})
        metadata = {
            "alt": cell.alt.replace("[", "(").replace("]", ")"),
            "varies": cell.varies,
            "folded": cell.folded,
        }
        cells.append(_code(cell.source, f"cell-{index}", shown, metadata))
    return _notebook(cells)


def download(page, address, installing):
    """The page as a notebook that runs by itself, without outputs.

    Args:
        page: the page.
        address: makes a link absolute.
        installing: the code of the first cell, which installs what the others need.
    """
    cells = []
    for index, cell in enumerate(page.cells):
        if cell.is_code:
            cells.append(_code(cell.source, f"cell-{index}"))
        elif text := plain.markdown(cell.source, address).strip():
            cells.append(_markdown(text, f"cell-{index}"))
    written = "".join(cell.source for cell in page.cells)
    macros = "".join(
        rf"\newcommand{{\{name}}}{'[1]' if '#1' in body else ''}{{{body}}}"
        for name, body in maths.MACROS.items()
        if rf"\{name}" in written
    )
    if macros:
        macros = macros.replace(r"\newcommand{\vec}", r"\renewcommand{\vec}")
        cells.insert(0, _markdown(f"${macros}$", "notation"))
    return _notebook([_code(installing, "install"), *cells])


def _markdown(text, name):
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}


def _code(text, name, outputs=(), metadata=None):
    cell = {"cell_type": "code", "id": name, "metadata": metadata or {}, "source": text}
    return {**cell, "execution_count": None, "outputs": list(outputs)}


def _notebook(cells):
    return json.dumps({"cells": cells, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}, indent=1)

"""Explorers: pictures that the reader moves, around the figure of a cell that hands them what it computed."""

import json
import re
from pathlib import Path

import numpy as np
from markdown.extensions import Extension
from mkdocs.utils import get_relative_url

from _render.pages import PageError

FOLDER = "assets/explorers"
SHARED = ("plot", "controls", "base")  # what all of them need, in the order in which it is loaded
CALL = re.compile(r"(?P<name>\w+)\((?P<given>.*)\)", re.DOTALL)


def names():
    """The explorers that there are: each is a script of its own."""
    scripts = (Path(__file__).parents[1] / FOLDER).glob("*.js")
    return sorted(script.stem for script in scripts if script.stem not in SHARED)


def named(cell):
    """The name in a cell's `explorer="name(key=expression, ...)"`, or None."""
    call = CALL.fullmatch(cell.explorer)
    return call and call["name"]


def given(where, cell, namespace):
    """What the cell hands to its explorer.

    Args:
        where: the page and cell, for errors.
        cell: a `pages.Cell` that has just been run.
        namespace: its names; the expressions are evaluated in it.

    Returns:
        A dict with the `name` of the explorer and `given`, JSON text; empty if the cell has none.

    Raises:
        PageError: for an explorer that does not exist, an expression that fails, and what JSON cannot hold.
    """
    if not cell.explorer:
        return {}
    call = CALL.fullmatch(cell.explorer)
    if not call or call["name"] not in names():
        known = ", ".join(names())
        raise PageError(f'{where}: say explorer="name(key=expression)", {known}; got {cell.explorer!r}')
    try:
        values = eval(f"(lambda **given: given)({call['given']})", namespace)
        text = json.dumps(values, default=_plain, allow_nan=False)
    except Exception as error:
        raise PageError(f"{where}: explorer={cell.explorer!r}: {type(error).__name__}: {error}") from error
    return {"explorer": {"name": call["name"], "given": text}}


def loaded(page, url):
    """What a page with explorers loads, as addresses relative to `url`: the style sheet and the scripts."""
    used = sorted({named(cell) for cell in page.code_cells if cell.explorer})
    if not used:
        return {}

    def address(file):
        return get_relative_url(f"{FOLDER}/{file}", url)

    scripts = [address(f"{name}.js") for name in (*SHARED, *used)]
    return {"sheet": address("explorers.css"), "scripts": scripts}


class Elements(Extension):
    """Lets Markdown read the explorers' elements as blocks."""

    def extendMarkdown(self, md):
        md.block_level_elements += [f"mle-{name}" for name in names()]


def _plain(value):
    return np.asarray(value).tolist()

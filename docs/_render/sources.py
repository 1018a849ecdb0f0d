"""The package's own source as pages of the site, and a link to it from every object in the API."""

import re
from functools import lru_cache

import griffe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from pygments.token import Name, Operator, Punctuation, Text

FOLDER = "reference/source"
HEADING = re.compile(r'(<h[2-6] id="(mlefit[\w.]*)" class="doc doc-heading">.*?)(</h[2-6]>)', re.DOTALL)


class Formatter(HtmlFormatter):
    """Leaves plain tokens plain: a listing is half as heavy, and looks the same."""

    def _get_css_class(self, ttype):
        return (
            "" if ttype in Text or ttype in (Name, Punctuation, Operator) else super()._get_css_class(ttype)
        )


@lru_cache(maxsize=1)
def listings(package, fingerprint):
    """Return the URI and Markdown text of one page for each module, and where the module lies.

    The lines are numbered `#L-1`, `#L-2`, and so on.

    The fingerprint of the package says when to read it again.
    """
    pages = []
    for path in sorted(package.rglob("*.py")):
        formatter = Formatter(linespans="L", cssclass="highlight listing", wrapcode=True)
        code = highlight(path.read_text(), PythonLexer(), formatter)
        name = ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")
        header = f"---\ntitle: {name}\nsearch:\n  exclude: true\nhide: [toc]\n---\n"
        pages.append((f"{FOLDER}/{_place(path, package)}.md", f"{header}\n# `{name}`\n\n{code}", path))
    return pages


@lru_cache(maxsize=1)
def tree(package, fingerprint):
    """The package as Griffe reads it."""
    return griffe.load("mlefit", search_paths=[package.parent], resolve_aliases=True)


@lru_cache(maxsize=1)
def locations(package, fingerprint):
    """Map each public path, `mlefit.data.line`, to its module's listing and first line."""
    root = tree(package, fingerprint)
    found = {}

    def visit(thing, path):
        target = thing.final_target if thing.is_alias else thing
        if target.lineno and str(target.filepath).startswith(str(package)):
            found[path] = f"{_place(target.filepath, package)}/#L-{target.lineno}"
        if target.is_class or target.is_module:
            for name, member in target.members.items():
                if not name.startswith("_") and not (member.is_alias and not _ours(member)):
                    visit(member, f"{path}.{name}")

    visit(root, "mlefit")
    return found


def _place(path, package):
    """Where the listing of a module lies: `models/gaussian`, and `models/init` of what opens a room."""
    inside = path.relative_to(package)
    return str(inside.with_name(inside.stem.strip("_")).as_posix())


def _ours(member):
    return member.target_path.startswith("mlefit")


def link(content, places, to_root):
    """Add a link to its source beside each documented object's heading."""

    def add(match):
        place = places.get(match[2])
        if place is None:
            return match[0]
        address = f'href="{to_root}{FOLDER}/{place}" aria-label="Source of {match[2]}"'
        return f'{match[1]}<a class="source" {address}>source</a>{match[3]}'

    return HEADING.sub(add, content)

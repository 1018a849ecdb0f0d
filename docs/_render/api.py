"""The API in plain Markdown: what stands in the docstrings, for who reads without the site."""

import re
import textwrap

import yaml

DIRECTIVE = re.compile(r"^::: (mlefit[\w.]*)(?:\n|\Z)((?: {4}.*\n?)*)", re.MULTILINE)
LISTS = ("Args", "Attributes", "Raises", "Warns")
SECTION = re.compile(rf"^({'|'.join(LISTS)}|Returns|Source|Examples):\n((?: {{4}}.*\n|\n)+)", re.MULTILINE)
ENTRY = re.compile(r"^(\S[^:\n]*): ", re.MULTILINE)
DOCTEST = re.compile(r"^>>> .*(?:\n\S.*)*", re.MULTILINE)


def homes(texts):
    """Map each name that an API page asks for to the URI of the page.

    Args:
        texts: the Markdown of pages, by their URIs.
    """
    return {match[1]: uri for uri, text in texts.items() for match in DIRECTIVE.finditer(text)}


def home(name, homes):
    """The URI of the page that documents `name`, itself or with what it belongs to; or None.

    >>> home("mlefit.FitResult.interval", {"mlefit.FitResult": "reference/api/fit.md"})
    'reference/api/fit.md'
    """
    while name not in homes and "." in name:
        name = name.rpartition(".")[0]
    return homes.get(name)


def described(text, root):
    """Put signatures and docstrings in the place of the directives that ask for them.

    Args:
        text: the Markdown of a page.
        root: the package as Griffe reads it.
    """
    return DIRECTIVE.sub(lambda match: _object(match[1], yaml.safe_load(match[2]) or {}, root), text)


def _object(path, settings, root):
    options = {"members": None, "heading_level": 2, "show_root_heading": True, **settings.get("options", {})}
    thing, level = root[path.partition(".")[2]], options["heading_level"]
    names = _public(thing) if options["members"] is None else options["members"] or ()
    entries = [_entry(f"{path}.{name}", thing.members[name], level + 1) for name in names]
    return "\n".join([_entry(path, thing, level)] * options["show_root_heading"] + entries)


def _public(thing):
    thing = thing.final_target if thing.is_alias else thing
    if thing.is_function:
        return []
    own = [name for name, member in thing.members.items() if not member.is_alias and member.has_docstring]
    return thing.exports or [name for name in own if name[0] != "_" and not thing.members[name].is_module]


def _entry(path, thing, level):
    thing = thing.final_target if thing.is_alias else thing
    lines = ["#" * level + f" `{path}`", ""]
    if thing.is_function:
        lines += ["```python", thing.signature(), "```", ""]
    if thing.has_docstring:
        lines += [_docstring(thing.docstring.value), ""]
    return "\n".join(lines)


def _docstring(text):
    """Sections become bold words and lists, examples fenced code."""
    return SECTION.sub(
        lambda match: _section(match[1], textwrap.dedent(match[2]).strip()), f"{text}\n"
    ).rstrip()


def _section(title, body):
    if title == "Examples":
        body = DOCTEST.sub(lambda match: f"```pycon\n{match[0]}\n```", body)
    elif title in LISTS:
        body = ENTRY.sub(r"- `\1`: ", body)
    return f"**{title}**\n\n{body}\n\n"

"""The first use of each glossary term in a page's running text links to its entry."""

import html
import re

ENTRY = re.compile(r"^### (?P<term>.+?)(?: *\{(?P<attributes>[^}]*)\})?$", re.MULTILINE)
ALSO = re.compile(r'data-also="([^"]*)"')
TOKEN = re.compile(r"<!--.*?-->|<[^>]+>|[^<]+", re.DOTALL)
# Text is linked inside paragraphs, list items and table cells, but not where it is something else already.
RUNNING = ("p", "li", "td")
OTHER = ("a", "code", "pre", "math", "svg", "button", "summary", "label", "script", "style")


def terms(text, slugify):
    """Map each spelling in the glossary's Markdown to the anchor of its entry."""
    found = {}
    for entry in ENTRY.finditer(text):
        term = entry["term"].replace("`", "")
        also = ALSO.search(entry["attributes"] or "")
        for spelling in [term, *(also[1].split(", ") if also else [])]:
            found[spelling.casefold()] = slugify(term, "-")
    return found


def link(content, anchors, address):
    """Link the first use of every term in the page's HTML to `address#anchor`."""
    if not anchors:
        return content
    spellings = sorted(anchors, key=len, reverse=True)
    # A plural is the same term; a hyphen makes another word.
    pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, spellings))})(s?)(?![\w-])", re.IGNORECASE)
    linked, running, other, out = set(), 0, 0, []

    def add(match):
        anchor = anchors[match[1].casefold()]
        if anchor in linked:
            return match[0]
        linked.add(anchor)
        return f'<a class="term" href="{html.escape(address)}#{anchor}">{match[0]}</a>'

    for token in TOKEN.findall(content):
        if token.startswith("<"):
            name = re.match(r"</?([\w-]*)", token)[1]
            step = 0 if token.endswith("/>") else -1 if token.startswith("</") else 1
            running += step * (name in RUNNING)
            other += step * (name in OTHER)
            out.append(token)
        else:
            out.append(pattern.sub(add, token) if running and not other else token)
    return "".join(out)

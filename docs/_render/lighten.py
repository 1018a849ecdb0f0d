"""A page's HTML without the bytes that nobody sees: a highlighted page is otherwise mostly markup."""

import re

VERBATIM = re.compile(r"(<(?:pre|script|textarea)\b.*?</(?:pre|script|textarea)>)", re.DOTALL)
ARTICLE = re.compile(r"(<article.*</article>)", re.DOTALL)
# Names, punctuation, operators and blanks look like the code around them; so do the braces of f-strings.
PLAIN = re.compile(r'<span class="(?:n|nn|p|o|ow|w|sa|si|go)">([^<]*)</span>')
TWICE = re.compile(r'<span class="(\w+)">([^<]*)</span>(\s*)<span class="\1">')
TOKEN = re.compile(r'<span class="(\w+)">([^<]*)</span>')


def page(html):
    """Return the same page with plain tokens, indentation and blank lines left out."""
    before, article, after = ARTICLE.split(html) if ARTICLE.search(html) else (html, "", "")
    return _frame(before) + content(article) + _frame(after)


def _frame(html):
    """Header, navigation and footer: all blocks, so that no space between two tags shows."""
    return re.sub(r">\s+<", "><", content(html))


def content(html):
    """The article of a page, lightened: what search reads, and what the page holds."""
    parts = VERBATIM.split(html)
    return "".join(_code(part) if i % 2 else re.sub(r"\s*\n\s*", "\n", part) for i, part in enumerate(parts))


def _code(block):
    if not block.startswith("<pre"):
        return block
    block = PLAIN.sub(r"\1", block.replace("<pre><span></span>", "<pre>"))
    merged = None
    while merged != block:
        merged, block = block, TWICE.sub(r'<span class="\1">\2\3', block)
    return TOKEN.sub(r"<i class=\1>\2</i>", block)

"""Markdown that reads well without the site: no tabs, collapsibles or attributes, and links that lead on."""

import re

BOXES = re.compile(r"^</?(?:details|div)\b.*?>\n?", re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\]\((?![a-z]+:)([^)\s]+)\)")
TO_THE_API = re.compile(r"\[([^\]]+)\]\[(mlefit[\w.]*)\]")
SUMMARY = re.compile(r"<summary>(.*?)</summary>")
ADMONITION = re.compile(r"^(?:!!!|\?\?\?\+?) (\w+)(?: \"(.*?)\")?\n((?:(?: {4}.*)?\n?)+)", re.MULTILINE)
ATTRIBUTES = re.compile(r" *\{ ?[.#][^}\n]*\}")
FENCED = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}).*?^(?P=indent)(?P=fence)$", re.MULTILINE | re.DOTALL)


def markdown(text, address):
    """Return the Markdown of a page with nothing in it that only the site understands; code stays as it is.

    Args:
        text: Markdown.
        address: makes the target of a link, such as `line.md#a-part` or `mlefit.fit`, into one that can be
            followed from elsewhere; where it returns None, the words of the link stay and the link goes.
    """
    parts, end = [], 0
    for block in FENCED.finditer(text):
        parts += [_prose(text[end : block.start()], address), block[0]]
        end = block.end()
    return "".join([*parts, _prose(text[end:], address)])


def _prose(text, address):
    def link(match):
        target = address(match[2])
        return f"[{match[1]}]({target})" if target else match[1]

    text = ADMONITION.sub(lambda m: _quote(m[2] if m[2] is not None else m[1].capitalize(), m[3]), text)
    text = SUMMARY.sub(r"**\1**\n", BOXES.sub("", text))
    return ATTRIBUTES.sub("", TO_THE_API.sub(link, LINK.sub(link, text)))


def _quote(title, body):
    lines = [f"**{title}**", "", *(line[4:] for line in body.strip("\n").split("\n"))]
    return "\n".join(f"> {line}".rstrip() for line in lines) + "\n\n"

"""Whether a PDF holds what its page holds: figures, formulas and the letters of the formulas, one by one."""

import re
from collections import Counter

import pypdfium2 as pdfium
from bs4 import BeautifulSoup
from pypdf import PdfReader

from _render import maths

OWN = re.compile(r"[\U0001D400-\U0001D7FF\u210E\uFE00]")  # the letters that only formulas are written in
CHOSEN = re.compile(r".\uFE00")  # a letter and which form of it: PDFium tells the latter alone
SHOWN = 5  # how many of the missing things are named


def missing(page, pdf):
    """What the HTML file `page` shows and the PDF file printed from it does not: a line for each kind."""
    soup = BeautifulSoup(page.read_text(), "html.parser")
    figures = Counter(" ".join(image["alt"].split()) for image in soup.find_all("img"))
    formulas = Counter(tag["aria-label"] for tag in soup.select('[role="img"][aria-label]'))
    drawn = Counter(" ".join(alt.split()) for alt in _pictures(PdfReader(pdf)))
    letters = Counter(letter for formula in soup.find_all("math") for letter in _letters(formula))
    text = Counter(OWN.findall("".join(_texts(pdf))))
    wanted = {"figures and formulas": (figures + formulas, drawn), "letters of formulas": (letters, text)}
    return [_line(what, *pair) for what, pair in wanted.items() if pair[0] - pair[1]]


def told(pdf):
    """How much there is in the PDF, in words."""
    reader = PdfReader(pdf)
    return f"{len(reader.pages)} sheets, {len(list(_pictures(reader)))} figures and formulas"


def _line(what, wanted, found):
    lost = wanted - found
    named = "; ".join(f"{count} x {name[:60]!r}" for name, count in lost.most_common(SHOWN))
    return f"{what}: {lost.total()} of {wanted.total()} are missing: {named}"


def _pictures(reader):
    """What each picture that is drawn in the PDF shows, as its structure tells it to who cannot see it."""
    waiting = [reader.trailer["/Root"]["/StructTreeRoot"]]
    while waiting:
        node = waiting.pop().get_object()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            if node.get("/S") == "/Figure" and "/K" in node:
                yield str(node.get("/Alt", ""))
            elif "/K" in node:
                waiting.append(node["/K"])


def _texts(pdf):
    document = pdfium.PdfDocument(pdf)
    for sheet in document:
        yield sheet.get_textpage().get_text_range()
    document.close()


def _letters(formula):
    """The letters of a formula that no text is written in, as they are drawn: a lone `<mi>` is italic."""
    for tag in formula.find_all(["mi", "mn", "mo", "mtext"]):
        text = CHOSEN.sub("\ufe00", tag.get_text().strip())
        is_italic = tag.name == "mi" and len(text) == 1 and tag.get("mathvariant") != "normal"
        yield from OWN.findall(maths.italic(text) if is_italic else text)

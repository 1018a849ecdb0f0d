"""Run a page from top to bottom in one namespace, as a reader's script would run; collect what it shows."""

import base64
import contextlib
import doctest
import io
import linecache
import traceback
import warnings

from _render import explorers
from _render.pages import PageError

OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
SVG_LIMIT = 100_000  # bytes; a cloud of points is lighter as pixels
DPI = 200  # twice what a page shows, for dense screens


def run(page):
    """Run every cell and doctest of `page` in document order.

    Returns:
        The namespace at the end, and for each code cell a dict with `text` (what it printed) and, where it
        drew, `figure` (SVG text or base64 PNG), `mime`, `width` and `height` in CSS pixels, and perhaps the
        `explorer` around it: its `name` and what it is `given`, as JSON.

    Raises:
        PageError: for the first cell that raises, doctest that fails, or figure without alternative text.
    """
    import matplotlib
    from matplotlib import pyplot

    matplotlib.use("agg")
    pyplot.close("all")
    namespace = {"__name__": "__main__"}
    outputs = []
    with matplotlib.rc_context():
        for cell in page.cells:
            if cell.is_code:
                outputs.append(_run_cell(f"{page.uri}, cell {len(outputs) + 1}", cell, namespace))
            for number, block in enumerate(cell.doctests, start=1):
                _run_doctest(f"{page.uri}, doctest {number} after cell {len(outputs)}", block, namespace)
    return namespace, outputs


def _run_cell(name, cell, namespace):
    # TensorFlow's AutoGraph and tracebacks read source through linecache.
    linecache.cache[name] = (len(cell.source), None, cell.source.splitlines(keepends=True), name)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")
        try:
            exec(compile(cell.source, name, "exec"), namespace)
        except Exception as error:
            raise PageError(f"{name}:\n{traceback.format_exc()}") from error
    figure, explorer = _figure(name, cell.alt), explorers.given(name, cell, namespace)
    if explorer and not figure:
        raise PageError(f"{name}: an explorer takes the place of a figure, but the cell draws none")
    return {"text": _final_lines(printed.getvalue()), **figure, **explorer}


def _run_doctest(name, block, namespace):
    test = doctest.DocTestParser().get_doctest(block, {}, name, name, 0)
    test.globs = namespace
    report = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    if runner.run(test, out=report.write, clear_globs=False).failed:
        raise PageError(f"{name}:\n{report.getvalue()}")


def _figure(name, alt):
    from matplotlib import pyplot, rc_context

    numbers = pyplot.get_fignums()
    if not numbers:
        return {}
    if len(numbers) > 1 or not alt:
        raise PageError(f'{name}: a cell draws one figure and describes it: ```python alt="..."')
    figure = pyplot.figure(numbers[0])
    width, height = (round(96 * inches) for inches in figure.get_size_inches())
    svg, png = io.BytesIO(), io.BytesIO()
    with rc_context({"svg.hashsalt": name}):  # the same names inside the file from every build
        figure.savefig(svg, format="svg", metadata={"Date": None})
    shown = {"figure": svg.getvalue().decode(), "mime": "image/svg+xml"}
    if svg.tell() > SVG_LIMIT:
        figure.savefig(png, format="png", dpi=DPI, metadata={"Software": None})
        shown = {"figure": base64.b64encode(png.getvalue()).decode(), "mime": "image/png"}
    pyplot.close("all")
    return {**shown, "width": width, "height": height}


def _final_lines(text):
    """What a terminal shows in the end: progress bars overwrite their line."""
    return "\n".join(
        line.rstrip("\r").rsplit("\r", 1)[-1].replace("\b", "") for line in text.split("\n")
    ).strip("\n")

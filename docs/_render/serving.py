"""What `mkdocs serve` shows while pages are being run: them without their outputs, which then come."""

import dataclasses
import re
import textwrap
import threading
import time

HEADING = re.compile(r"^# .*$", re.MULTILINE)
WAITING = '!!! note "This page is being run"\n\n    Its outputs appear here by themselves.'
FAILED = '!!! failure "This page failed"\n\n'

stopped = threading.Event()


def watch(server, runner, folder):
    """Let MkDocs build again whenever `runner` has outputs that no build has asked for."""
    folder.mkdir(parents=True, exist_ok=True)
    server.watch(str(folder))
    threading.Thread(target=_ring, args=(runner, folder / "bell"), daemon=True).start()


def without_outputs(page, failure):
    """The page with the reason why it has no outputs at its head, and its empty outputs."""
    note = FAILED + textwrap.indent(f"```text\n{failure}\n```", "    ") if failure else WAITING
    cells, noted = [], False
    for cell in page.cells:
        if not cell.is_code and not noted and HEADING.search(cell.source):
            source = HEADING.sub(lambda heading: f"{heading[0]}\n\n{note}\n", cell.source, count=1)
            cell, noted = dataclasses.replace(cell, source=source), True
        cells.append(cell)
    return dataclasses.replace(page, cells=cells), [{"text": ""} for _ in page.code_cells]


def _ring(runner, bell):
    # Again and again until a build has heard it: MkDocs begins to watch only after its first build.
    while not stopped.wait(1):
        if runner.unseen:
            bell.write_text(str(time.time_ns()))

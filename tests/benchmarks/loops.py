"""The timings of guides/graph-mode, by the page's own code for longer: ratios to the eager loop.

uv run python tests/benchmarks/loops.py
"""

import os
import platform
import sys
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

from _render import cache, execute, pages  # noqa: E402

URI = "guides/graph-mode.md"
EPOCHS = {1000: 50, 10**6: 10}  # for each number of observations


def definitions():
    """The names that the page defines before its first timing."""
    page = pages.read(URI, (ROOT / "docs" / URI).read_text())
    cells = list(takewhile(lambda cell: not cell.varies, page.cells))
    return execute.run(replace(page, cells=cells))[0]


def main():
    os.environ.update(cache.QUIET)  # before TensorFlow is imported
    page = definitions()
    print(f"TensorFlow {page['tf'].__version__}, {os.cpu_count()} cores, {platform.machine()}")
    for n, epochs in EPOCHS.items():
        print(f"\nn = {n:,}, {epochs} epochs; costs in eager steps")
        page["show"](page["measure"](n, epochs, rounds=4, seconds=0.8), digits=2)


if __name__ == "__main__":
    main()

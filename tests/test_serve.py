"""A cold `mkdocs serve` shows pages at once, then their outputs, follows edits, and leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from test_render import HEADER, little_site

PATIENCE = 120  # seconds, on a machine that does other things too
WAITING = "This page is being run"
PAGE = "# Page\n\n```python\nprint(6 * 7_000)\n```\n"
OTHER = (
    '# Other\n\n```python\nimport tempfile\n\ntempfile.mkstemp()\nraise ValueError("as " + "meant")\n```\n'
)


class Served:
    """A site being served from `folder`, and all that it has said."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.home = f"http://127.0.0.1:{free.getsockname()[1]}/"
        self.temporary, self.log = folder / "tmp", folder / "log"
        self.temporary.mkdir()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "serve", "--dev-addr", self.home.split("/")[2]],
            cwd=folder,
            env={**os.environ, "TMPDIR": str(self.temporary), "PYTHONUNBUFFERED": "1"},
            stdout=self.log.open("w"),
            stderr=subprocess.STDOUT,
        )

    def until(self, address, shows):
        """The page at `address` as soon as `shows(text)`."""
        deadline, text = time.monotonic() + PATIENCE, ""
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(self.home + address, timeout=10) as answer:
                    text = answer.read().decode()
            except OSError:
                text = ""
            if text and shows(text):
                return text
            time.sleep(0.1)
        raise AssertionError(f"never shown; log:\n{self.log.read_text()}\npage:\n{text}")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = little_site(tmp_path_factory.mktemp("served"), PAGE)
    (folder / "docs" / "other.md").write_text(HEADER + OTHER)
    config = (folder / "mkdocs.yml").read_text()
    (folder / "mkdocs.yml").write_text(
        config.replace("nav: [index.md, page.md]", "nav: [page.md, other.md, index.md]")
    )
    site = Served(folder)
    yield site
    if site.process.poll() is None:
        site.process.kill()
        site.process.wait()


def test_a_cold_site_is_served_at_once_and_then_with_its_outputs(served):
    first = served.until("page/", lambda text: True)
    assert WAITING in first and "42000" not in first
    shown = served.until("page/", lambda text: "42000" in text)
    assert WAITING not in shown
    failed = served.until("other/", lambda text: "ValueError: as meant" in text)
    assert WAITING not in failed
    said = served.log.read_text()
    assert re.search(r"pages: 2 to run\. First TensorFlow is imported", said)
    assert re.search(r"pages: \d of 2, page\.md [\d.]+ s", said)
    assert re.search(r"pages: \d of 2, other\.md failed after [\d.]+ s", said)


def test_edits_of_prose_and_of_code_are_shown(served):
    page = served.log.parent / "docs" / "page.md"
    before = served.log.read_text().count(", page.md ")
    page.write_text(page.read_text() + "\nMore prose.\n")
    served.until("page/", lambda text: "More prose." in text and "42000" in text)
    assert served.log.read_text().count(", page.md ") == before  # it was not run again
    page.write_text(page.read_text().replace("7_000", "8_000"))
    served.until("page/", lambda text: "48000" in text)


def test_ctrl_c_leaves_nothing_behind(served):
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(30) == 0
    assert list(served.temporary.iterdir()) == []

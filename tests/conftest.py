"""What the tests share: the tree, each page run once as its reader would, and a site built from nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# TensorFlow reads these when it is imported.
os.environ.update(TF_CPP_MIN_LOG_LEVEL="2", TF_ENABLE_ONEDNN_OPTS="0", MPLBACKEND="agg")

import keras
import pytest

from _render import execute, pages

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
URIS = sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if "_render" not in path.parts)


def parsed(uri):
    """The page `uri`, read from the tree."""
    return pages.read(uri, (DOCS / uri).read_text())


def copy_tree(folder):
    """Copy what a site is built from into `folder`, without any cache."""
    for name in ("docs", "mlefit"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", folder)
    return folder


def build(folder, *options):
    """Build the site of the tree in `folder` into `folder/site`, and return the finished process."""
    command = [sys.executable, "-m", "mkdocs", "build", *options]  # --quiet would switch off --strict too
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def page():
    """Return a function: the page's URI -> the names it defined, once its cells and doctests have run."""
    namespaces = {}

    def run(uri):
        if uri not in namespaces:
            keras.utils.clear_session()
            namespaces[uri] = execute.run(parsed(uri))[0]
            keras.config.set_floatx("float32")
        return namespaces[uri]

    return run


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of a site that was built cold, strictly, from a copy of the tree."""
    folder = copy_tree(tmp_path_factory.mktemp("cold"))
    built = build(folder)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder / "site"

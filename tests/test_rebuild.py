"""A rebuild draws only what changed, and gives what a build from nothing gives, whatever was changed."""

import json
import shutil
import subprocess
import sys

import pytest

from conftest import ROOT

PAGE = """# Page

Read the [other one](other.md#a-part). A likelihood and a datum. $a^2$

## Section
"""
FILES = {
    "docs/index.md": "# Home\n\n[Page](page.md)\n",
    "docs/page.md": PAGE,
    "docs/other.md": "# Other\n\n## A part\n\nOf it. $b$\n",
    "docs/api.md": "# API\n\n::: mlefit.rooms\n",
    "docs/reference/glossary.md": "# Glossary\n\n### Likelihood\n\nHow likely.\n",
    "mlefit/__init__.py": '"""A package."""\n',
    "mlefit/rooms.py": '"""Rooms."""\n\n\ndef room():\n    """A room."""\n',
}
# The name of a change -> the file, what is replaced in it, by what, and the pages that are then drawn again.
CHANGES = {
    "nothing": ("docs/page.md", "", "", []),
    "prose": ("docs/page.md", "Read", "Do read", ["page.md"]),
    "a formula with a new letter": ("docs/other.md", "$b$", r"$\theta$", ["other.md"]),
    "a glossary entry": (
        "docs/reference/glossary.md",
        "How likely.\n",
        "How likely.\n\n### Datum\n\nOne.\n",
        None,
    ),
    "the package": ("mlefit/rooms.py", "A room.", "A large room.", ["api.md", "reference/source/rooms.md"]),
    "the settings": ("mkdocs.yml", "permalink: true", "permalink: false", None),
    "a new page": ("docs/new.md", None, "# New\n", None),
    "a heading that is linked to": ("docs/other.md", "## A part", "## A piece", "fails"),
    "it still is": ("docs/index.md", "Home", "At home", "fails"),
    "a link put right": ("docs/page.md", "#a-part", "#a-piece", ["page.md"]),
    "a link to nowhere": ("docs/page.md", "other.md#", "nowhere.md#", "fails"),
    "it goes nowhere still": ("docs/index.md", "At home", "Home", "fails"),
    "it leads there": ("docs/page.md", "nowhere.md#", "other.md#", ["page.md"]),
}
# Builds again after each change in one process, as `mkdocs serve` does, then from nothing, and compares.
SCRIPT = """
import json, pathlib, shutil, sys
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.structure.pages import Page

def whole(folder, drawn=None):
    drawn.clear()
    config = load_config("mkdocs.yml", site_dir=folder)
    config.plugins.on_startup(command="build", dirty=False)
    build(config)
    files = {path for path in pathlib.Path(folder).rglob("*") if path.is_file()}
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.suffix != ".gz"}

drawn, render = [], Page.render
def count(page, config, files):
    drawn.append(page.file.src_uri)
    return render(page, config, files)
Page.render = count

whole("site", drawn)
for name, (file, old, new) in json.load(sys.stdin):
    path = pathlib.Path(file)
    path.write_text(new if old is None else path.read_text().replace(old, new))
    try:
        warm = whole("site", drawn)
    except BaseException as error:
        print(json.dumps([name, "fails", []]))
        continue
    redrawn = sorted(drawn)
    shutil.move(".cache", "kept")
    cold = whole("cold", drawn)
    shutil.rmtree(".cache")
    shutil.move("kept", ".cache")
    print(json.dumps([name, redrawn, [key for key in {*warm, *cold} if warm.get(key) != cold.get(key)]]))
"""


@pytest.fixture(scope="module")
def rebuilds(tmp_path_factory):
    """The name of each change -> the pages drawn again after it, and the files that then differ from cold."""
    folder = tmp_path_factory.mktemp("site")
    for part in ("_render", "assets"):
        shutil.copytree(ROOT / "docs" / part, folder / "docs" / part)
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    config = (ROOT / "mkdocs.yml").read_text()
    nav = config.index("\nnav:"), config.index("\ntheme:")
    config = config[: nav[0]] + config[nav[1] :]
    (folder / "mkdocs.yml").write_text(config)
    steps = [(name, change[:3]) for name, change in CHANGES.items()]
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=folder,
        input=json.dumps(steps),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return {name: (drawn, different) for name, drawn, different in map(json.loads, ran.stdout.splitlines())}


@pytest.mark.parametrize("change", CHANGES)
def test_a_rebuild_draws_what_changed_and_gives_the_bytes_of_a_cold_build(rebuilds, change):
    drawn, different = rebuilds[change]
    assert different == []
    expected = CHANGES[change][3]
    if expected is not None:
        assert drawn == expected

"""The drawing of the rooms: its arrows are the imports of the sources, and they point one way."""

import importlib
import pkgutil
import re
from types import ModuleType

import pytest
from bs4 import BeautifulSoup

import mlefit
from _render import house, pages
from conftest import ROOT

PACKAGE = ROOT / "mlefit"
LINE = re.compile(
    r"^ *(?:from mlefit\.(\w+)|from mlefit import (\([^)]*\)|.*)|import mlefit\.(\w+))", re.MULTILINE
)


@pytest.fixture(scope="module")
def drawn():
    return BeautifulSoup(house.drawing(PACKAGE).partition("\n\n")[0], "html.parser")


def written():
    """(room, room it imports), from the text of the sources, line by line."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for one, several, other in LINE.findall(path.read_text()):
            targets = [one or other] if one or other else re.findall(r"(\w+)(?: as \w+)?", several)
            found |= {(room, target) for target in targets if target != room}
    return {(room, target) for room, target in found if room != "__init__"}


def arrows(drawn):
    return {(path["data-from"], path["data-to"]) for path in drawn.select("path[data-from]")}


def test_the_arrows_are_the_imports_that_stand_in_the_sources(drawn):
    assert arrows(drawn) == written()
    assert ("fitting", "routes") in arrows(drawn)


def test_what_a_module_holds_comes_from_rooms_that_it_points_to(drawn):
    held = set()
    for info in pkgutil.walk_packages(mlefit.__path__, "mlefit."):
        module, room = importlib.import_module(info.name), info.name.split(".")[1]
        for thing in vars(module).values():
            home = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", None)
            if isinstance(home, str) and home.startswith("mlefit."):
                held.add((room, home.split(".")[1]))
    crossing = {(room, home) for room, home in held if room != home}
    assert len(crossing) >= 10
    assert crossing <= arrows(drawn)


def test_every_room_is_drawn_and_every_arrow_points_down(drawn):
    rooms = {
        path.name for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert {text.text.rstrip("/") for text in drawn.select("text")} == rooms - {"__init__.py"}
    heights = {
        text.text.removesuffix(".py").rstrip("/"): float(box["y"])
        for box, text in zip(drawn.select("rect"), drawn.select("text"), strict=True)
    }
    for path in drawn.select("path[data-from]"):
        assert heights[path["data-from"]] < heights[path["data-to"]], (path["data-from"], path["data-to"])
        ends = [float(number) for number in re.findall(r"-?\d+", path["d"])]
        assert abs(ends[-1] - heights[path["data-to"]]) <= 2  # the tip touches the box


def test_the_drawing_says_what_it_shows(drawn):
    (picture,) = drawn.select("svg")
    assert picture["role"] == "img"
    title, text = (drawn.find(id=name) for name in picture["aria-labelledby"].split())
    assert title.name == "title"
    for room, target in arrows(drawn):
        assert re.search(rf"\b{room} imports [^;]*\b{target}\b", text.text)


def little_package(folder, **texts):
    package = folder / "mlefit"
    (package / "room").mkdir(parents=True)
    (package / "room" / "__init__.py").write_text('"""A | room."""\n')
    for name, text in {"__init__": "from mlefit.a import f\n", **texts}.items():
        (package / f"{name.replace('__in__', '/')}.py").write_text(text)
    return package


def test_a_circle_of_imports_is_refused(tmp_path):
    circle = {
        "a": "def f():\n    from mlefit.room.inside import g\n",
        "room__in__inside": "import mlefit.b.c\n",
    }
    package = little_package(tmp_path, **circle, b="from . import a\n")
    with pytest.raises(pages.PageError) as raised:
        house.drawing(package)
    said = str(raised.value)
    assert all(f"{one} imports {two}" in said for one, two in [("a", "room"), ("room", "b"), ("b", "a")]) or (
        re.search(r"(\w+) imports (\w+) imports (\w+) imports \1", said)
    )


def test_a_room_that_imports_the_public_names_is_a_circle(tmp_path):
    with pytest.raises(pages.PageError, match="circle"):
        house.drawing(little_package(tmp_path, a="from mlefit import fit\n"))


def test_each_way_to_import_is_read(tmp_path):
    ways = {
        "a": '"""A file.\n\nMore."""\nfrom mlefit import b, room\n',
        "b": "from mlefit.room import inside\nimport numpy\n",
        "c": "from .room.inside import g\n",
        "d": "import mlefit.c as c\n",
        "room__in__inside": "from .. import e\nfrom . import other\nfrom ..f import h\n",
        "room__in__other": "",
        "e": "",
        "f": "",
    }
    package = little_package(tmp_path, **ways)
    assert house.imports(package) == {
        "__init__": {"a"},
        "a": {"b", "room"},
        "b": {"room"},
        "c": {"room"},
        "d": {"c"},
        "room": {"e", "f"},
        "e": set(),
        "f": set(),
    }
    table = house.drawing(package).partition("\n\n")[2]
    assert "| `room/` | A \\| room. | `e`, `f` |" in table
    assert "| `a.py` | A file. | `b`, `room` |" in table
    assert "| `e.py` |  | nothing of ours |" in table

"""The rooms of the package and the imports between them, drawn from its sources when the site is built."""

import ast
import html
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from statistics import fmean

from _render.pages import PageError

PLACEHOLDER = "<!-- house -->"
TOP = "__init__"  # lists the public names: above every room, and not one
LETTER, PADDING, HEIGHT, GAP, LAYER = 8.0, 12, 30, 18, 70  # in the units of the drawing


def drawing(package):
    """Return Markdown: the drawing of the package's rooms, and a table of what each is for and imports.

    Raises:
        PageError: for rooms that import each other in a circle.
    """
    graph = imports(package)
    layers = _layers(graph)
    graph.pop(TOP, None)
    rooms = {room: _file(package, room) for row in layers for room in row}
    return f"{_svg(graph, layers, rooms)}\n\n{_table(graph, layers, rooms)}\n"


def imports(package):
    """Map each room, a folder or module on top of `package`, to the other rooms that it imports."""
    files = sorted(package.rglob("*.py"))
    graph = {path.relative_to(package).parts[0].removesuffix(".py"): set() for path in files}
    for path in files:
        inside = path.relative_to(package).parts
        room = inside[0].removesuffix(".py")
        for name in _imported(ast.parse(path.read_text()), [package.name, *inside[:-1]]):
            root, target = [*name.split("."), TOP][:2]
            if root == package.name:
                graph[room].add(target if target in graph else TOP)
        graph[room].discard(room)
    return graph


def _imported(tree, home):
    """Yield the dotted name of all that a module imports; `home` is the package that it lies in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = home[: len(home) - node.level + 1] if node.level else []
            source = ".".join([*above, *filter(None, [node.module])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


def _layers(graph):
    """The rooms in layers, from the one that stands on most to those on the ground: every arrow goes down."""
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " imports ".join(reversed(error.args[1]))
        raise PageError(f"mlefit: rooms import each other in a circle: {circle}") from None
    depth = {}
    for room in order:
        depth[room] = 1 + max((depth[other] for other in graph[room]), default=-1)
    depth.pop(TOP, None)
    return [
        sorted(room for room in depth if depth[room] == level) for level in range(max(depth.values()), -1, -1)
    ]


def _svg(graph, layers, rooms):
    rows, routes = _routed(graph, layers)
    places, width = {}, 0.0
    for _ in range(8):  # each thing below the middle of what points to it: fewer lines cross
        for level, row in enumerate(rows):
            x = -sum(_width(thing, rooms) + GAP for thing in row) / 2
            for thing in row:
                x += _width(thing, rooms) + GAP
                places[thing] = x - (_width(thing, rooms) + GAP) / 2, level * LAYER
                width = max(width, 2 * x)
        for row in rows[1:]:
            above = {
                thing: [places[a][0] for route in routes.values() for a, b in pairwise(route) if b == thing]
                for thing in row
            }
            row.sort(key=lambda thing: fmean(above[thing] or [places[thing][0]]))
    lines = [_arrow(*edge, [places[thing] for thing in route]) for edge, route in sorted(routes.items())]
    boxes = [_box(_name(rooms[room]), *places[room], _width(room, rooms)) for room in sorted(rooms)]
    text = "; ".join(
        f"{room} imports {', '.join(sorted(graph[room]))}" for room in sorted(graph) if graph[room]
    )
    size = f"{-width / 2:.0f} -4 {width:.0f} {(len(rows) - 1) * LAYER + HEIGHT + 8}"
    return (
        '<div class="house" tabindex="0" role="region" aria-label="Drawing of the rooms" data-search-exclude>'
        f'<svg viewBox="{size}" style="min-width:{width:.0f}px" role="img" '
        'aria-labelledby="house-title house-text">'
        '<title id="house-title">The rooms of mlefit, and the imports between them</title>'
        f'<desc id="house-text">{html.escape(text)}.</desc>'
        '<defs><marker id="house-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>'
        f'<g marker-end="url(#house-tip)">{"".join(lines)}</g>{"".join(boxes)}</svg></div>'
    )


def _routed(graph, layers):
    """The layers with room for arrows that pass one, shared by all that lead to the same room; their ways."""
    level = {room: number for number, row in enumerate(layers) for room in row}
    rows, routes = [list(row) for row in layers], {}
    for room in sorted(graph):
        for target in sorted(graph[room]):
            passed = [(target, number) for number in range(level[room] + 1, level[target])]
            for thing in passed:
                if thing not in rows[thing[1]]:
                    rows[thing[1]].append(thing)
            routes[room, target] = [room, *passed, target]
    return rows, routes


def _width(thing, rooms):
    return LETTER * len(_name(rooms[thing])) + 2 * PADDING if thing in rooms else 4


def _arrow(room, target, points):
    (x, y), path = points[0], []
    for number, (next_x, next_y) in enumerate(points[1:], start=1):
        start, end = y + HEIGHT, next_y - (2 if number == len(points) - 1 else 0)
        middle = (start + end) / 2
        path.append(f"C{x:.0f} {middle:.0f} {next_x:.0f} {middle:.0f} {next_x:.0f} {end:.0f}")
        if number < len(points) - 1:
            path.append(f"V{next_y + HEIGHT}")
        x, y = next_x, next_y
    first = f"M{points[0][0]:.0f} {points[0][1] + HEIGHT}"
    return f'<path data-from="{room}" data-to="{target}" d="{first}{"".join(path)}"/>'


def _box(name, x, y, width):
    box = f'<rect x="{x - width / 2:.0f}" y="{y}" width="{width:.0f}" height="{HEIGHT}" rx="4"/>'
    return f'{box}<text x="{x:.0f}" y="{y + HEIGHT / 2 + 5:.0f}">{name}</text>'


def _table(graph, layers, rooms):
    lines = ["| room | what happens in it | what it imports |", "|---|---|---|"]
    for room in (room for row in layers for room in row):
        path = rooms[room] / "__init__.py" if rooms[room].is_dir() else rooms[room]
        says = (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")[0].replace("|", r"\|")
        others = ", ".join(f"`{other}`" for other in sorted(graph[room]))
        lines.append(f"| `{_name(rooms[room])}` | {says} | {others or 'nothing of ours'} |")
    return "\n".join(lines)


def _file(package, room):
    folder = package / room
    return folder if folder.is_dir() else folder.with_suffix(".py")


def _name(path):
    return f"{path.name}/" if path.is_dir() else path.name

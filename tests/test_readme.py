"""The README's example runs and prints what the README says; its picture is what the package draws today."""

import contextlib
import io
import re

import numpy as np

import mlefit
from conftest import ROOT

README = (ROOT / "README.md").read_text()
PICTURE = ROOT / "docs" / "assets" / "hubble.svg"


def least_squares():
    nebulae = mlefit.data.load("hubble")
    design = np.column_stack([nebulae["distance"], np.ones(24)])
    (slope, intercept), (rss,), *_ = np.linalg.lstsq(design, nebulae["velocity"])
    return nebulae, {"slope": slope, "intercept": intercept, "stddev": np.sqrt(rss / 24)}


def draw():
    """The README's picture as SVG bytes."""
    import matplotlib

    nebulae, line = least_squares()
    with matplotlib.rc_context():
        mlefit.plot.use_style()
        ax = mlefit.plot.data_and_line(
            nebulae["distance"],
            nebulae["velocity"],
            line["slope"],
            line["intercept"],
            xlabel="distance (megaparsecs)",
            ylabel="velocity (km/s)",
        )
        svg = io.BytesIO()
        ax.figure.savefig(svg, format="svg", metadata={"Date": None})
    return svg.getvalue()


def test_the_example_prints_what_the_readme_says():
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {"__name__": "__main__"})
    _, line = least_squares()
    assert printed.getvalue().strip() == str({name: round(float(value), 3) for name, value in line.items()})
    assert printed.getvalue().strip() in README


def test_the_readme_names_two_commands():
    commands = re.findall(r"^\$ (.*)$", README, re.MULTILINE)
    assert commands == ["pip install uv && uv run mkdocs serve", "pip install uv && uv run pytest"]


def test_the_picture_is_up_to_date():
    assert draw() == PICTURE.read_bytes(), "draw it again: uv run python tests/test_readme.py"


if __name__ == "__main__":
    PICTURE.write_bytes(draw())

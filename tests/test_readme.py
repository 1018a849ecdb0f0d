"""The README's example runs and prints what the README says; its picture is what the package draws today."""

import contextlib
import io
import re

import numpy as np
import scipy.optimize
from scipy.stats import chi2, t

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


def test_the_examples_print_what_the_readme_says():
    names, printed = {}, []
    for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(compile(code, "README.md", "exec"), names)
        printed.append(output.getvalue().strip())
    table, kicks = printed
    assert table in README and f"`{kicks}`" in README

    nebulae, line = least_squares()
    rows = [row.split() for row in table.splitlines()[-3:]]
    spread = 24 * nebulae["distance"].var()
    errors = line["stddev"] * np.array(
        [spread**-0.5, (1 / 24 + nebulae["distance"].mean() ** 2 / spread) ** 0.5, 48**-0.5]
    )
    assert [row[0] for row in rows] == list(line)
    np.testing.assert_allclose([float(row[1]) for row in rows], [*line.values()], rtol=5e-6)
    np.testing.assert_allclose([float(row[2]) for row in rows], errors, rtol=5e-6)
    reach = t.ppf(0.975, 22) * errors[:2] * (24 / 22) ** 0.5
    ends = [(line[name] - r, line[name] + r) for name, r in zip(line, reach, strict=False)]
    ends.append(line["stddev"] * np.sqrt(24 / chi2.ppf([0.975, 0.025], 22)))
    np.testing.assert_allclose([[float(end) for end in row[3:5]] for row in rows], ends, rtol=5e-6)

    mean, n = 122 / 200, 200  # of a Poisson: the rate, with variance rate / n
    ends = [
        scipy.optimize.brentq(
            lambda r: n * (r - mean - mean * np.log(r / mean)) - chi2.ppf(0.95, 1) / 2, *span
        )
        for span in ((0.3, mean), (mean, 1.0))
    ]
    numbers = [mean, np.sqrt(mean / n), 95, *ends]
    assert re.findall(r"\d[\d.]*", kicks) == [f"{v:.2f}".removesuffix(".00") for v in numbers]


def test_the_readme_names_two_commands():
    commands = re.findall(r"^\$ (.*)$", README, re.MULTILINE)
    assert commands == ["pip install uv && uv run mkdocs serve", "pip install uv && uv run pytest"]


def test_the_picture_is_up_to_date():
    assert draw() == PICTURE.read_bytes(), "draw it again: uv run python tests/test_readme.py"


if __name__ == "__main__":
    PICTURE.write_bytes(draw())

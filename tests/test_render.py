"""The checks catch what they are for: each kind of broken page fails, and only stale pages run again."""

import shutil

import pytest

from _render import cache, execute, glossary, kept, maths, pages
from conftest import ROOT, build

HEADER = "---\njupyter:\n  kernelspec: {name: python3, display_name: Python 3, language: python}\n---\n\n"
GOOD = "# Page\n\n```python\nx = 2\nprint(x)\n```\n\n```pycon\n>>> x + 1\n3\n```\n\n$a < b$\n"
BAD = {
    "failing cell": (GOOD.replace("x = 2", "x = 1 / 0"), "ZeroDivisionError"),
    "wrong doctest digit": (GOOD.replace("3\n```", "4\n```"), "Expected:\n    4\nGot:\n    3"),
    "figure without description": (
        GOOD.replace("print(x)", "import matplotlib.pyplot as plt\nplt.plot([1, x])"),
        'describes it: ```python alt="..."',
    ),
}


def parsed(text, header=HEADER):
    return pages.read("page.md", header + text)


def little_site(folder, text, header=HEADER):
    """A tree with one page beside its home page, and the real machinery."""
    shutil.copytree(ROOT / "docs" / "_render", folder / "docs" / "_render")
    shutil.copytree(ROOT / "docs" / "assets", folder / "docs" / "assets")
    shutil.copytree(ROOT / "mlefit", folder / "mlefit")
    (folder / "docs" / "index.md").write_text("# Home\n")
    (folder / "docs" / "page.md").write_text(header + text)
    config = (ROOT / "mkdocs.yml").read_text()
    nav = config.index("\nnav:"), config.index("\ntheme:")
    (folder / "mkdocs.yml").write_text(config[: nav[0]] + "\nnav: [index.md, page.md]\n" + config[nav[1] :])
    return folder


def test_a_good_page_passes():
    namespace, (output,) = execute.run(parsed(GOOD))
    assert namespace["x"] == 2
    assert output["text"] == "2"


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_page_fails(fault):
    text, message = BAD[fault]
    with pytest.raises(pages.PageError) as raised:
        execute.run(parsed(text))
    assert message in str(raised.value)
    assert str(raised.value).startswith("page.md")


def test_a_missing_header_fails():
    with pytest.raises(pages.PageError, match=r"page\.md: has Python in it, but no"):
        parsed(GOOD, header="")


def test_bad_latex_fails():
    with pytest.raises(pages.PageError, match=r"page\.md: bad LaTeX in \$\\fraq"):
        maths.to_mathml(r'<span class="arithmatex">\(\fraq{1}{2}\)</span>', "page.md")


def test_a_formula_that_opens_a_tag_fails():
    with pytest.raises(pages.PageError, match="put a space after the <"):
        parsed("# Page\n\n$a<b$\n")


@pytest.mark.parametrize(
    ("text", "header", "message"),
    [
        (GOOD.replace("x = 2", "x = 1 / 0"), HEADER, "ZeroDivisionError"),
        (GOOD, "", "has Python in it"),
        ("# Page\n\n$\\fraq{1}{2}$\n", "", "bad LaTeX"),
        ("# Page\n\n[nowhere](nowhere.md)\n", "", "nowhere.md"),
        ("# Page\n\n[nowhere](index.md#nowhere)\n", "", "nowhere"),
    ],
    ids=["failing cell", "missing header", "bad LaTeX", "broken link", "broken anchor"],
)
def test_a_bad_page_fails_the_build(tmp_path, text, header, message):
    built = build(little_site(tmp_path, text, header))
    assert built.returncode != 0
    assert message in built.stdout + built.stderr


class Counter:
    """In place of what runs pages: keeps an output for each, and says which since the last look."""

    failures = {}  # noqa: RUF012

    def __init__(self):
        self.ran = []

    def want(self, stale):
        self.ran += [page.uri for page in stale.values()]
        for file, page in stale.items():
            kept.write(file, {"outputs": [{"text": "", "code": page.code_cells[0].source}]})
        return list(stale)

    def wait(self):
        pass

    def __call__(self):
        seen, self.ran = sorted(self.ran), []
        return seen


@pytest.fixture
def count_runs(monkeypatch):
    monkeypatch.setattr(cache, "runner", Counter())
    return cache.runner


def test_only_stale_pages_run_again(tmp_path, count_runs):
    package = tmp_path / "mlefit"
    package.mkdir()
    (package / "module.py").write_text("a = 1\n")

    def outputs(**texts):
        found = [pages.read(uri, HEADER + text) for uri, text in texts.items()]
        return cache.results(found, package, tmp_path / "outputs")

    other = GOOD.replace("x = 2", "x = 2.0")
    outputs(a=GOOD, b=other)
    assert count_runs() == ["a", "b"]
    outputs(a=GOOD + "\nMore prose.\n\n\n\nAnd more, in a cell of its own.\n", b=other)
    assert count_runs() == []
    assert outputs(a=GOOD, b=other.replace("2.0", "2.5"))["b"]["outputs"][0]["code"] == "x = 2.5\nprint(x)"
    assert count_runs() == ["b"]
    outputs(a=GOOD.replace("3\n```", "4\n```"), b=other.replace("2.0", "2.5"))
    assert count_runs() == ["a"]
    (package / "module.py").write_text("a = 2\n")
    outputs(a=GOOD, b=other)
    assert count_runs() == ["a", "b"]
    alike = {
        "a": GOOD,
        "a-b": other,
        "a/b": GOOD.replace("2", "4"),
    }  # three pages, whatever their names share
    outputs(**alike)
    assert count_runs() == ["a-b", "a/b"]
    outputs(**alike)
    assert count_runs() == []


def test_the_first_use_of_a_term_links_and_no_other():
    entries = '### Likelihood\n\n### Standard error { data-also="SE" }\n'
    anchors = glossary.terms(entries, lambda text, sep: text.lower().replace(" ", sep))
    text = "<h2>Likelihood</h2><p>A <code>likelihood</code>, likelihoods, likelihood; log-likelihood; SE</p>"
    assert glossary.link(text, anchors, "g/") == (
        "<h2>Likelihood</h2><p>A <code>likelihood</code>, "
        '<a class="term" href="g/#likelihood">likelihoods</a>, likelihood; log-likelihood; '
        '<a class="term" href="g/#standard-error">SE</a></p>'
    )

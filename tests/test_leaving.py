"""What readers take along: notebooks that install what they need, Markdown, the list of pages, versions."""

import ast
import doctest
import json
import re
import subprocess
import sys
from importlib.metadata import requires

import pytest
from bs4 import BeautifulSoup

from _render import api, plain, ran, repository, sources
from conftest import ROOT, URIS, build, parsed
from test_render import HEADER, little_site

# Runs the first cell of a notebook in a shell whose `%pip` only says what it is asked for.
SHELL = """
import sys
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
shell.register_magic_function(lambda line: print("pip", line), magic_name="pip")
if sys.argv[1] == "absent":
    sys.modules["mlefit"] = None
shell.run_cell(sys.stdin.read(), store_history=False).raise_error()
"""


@pytest.mark.parametrize("module", [api, ran, repository])
def test_the_examples_in_docstrings_hold(module):
    tested = doctest.testmod(module)
    assert tested.attempted and not tested.failed


@pytest.mark.parametrize(
    ("where", "address", "says"),
    [
        ("absent", "", "pip install --quiet mlefit"),
        (
            "absent",
            "https://example.org/a/mlefit",
            "pip install --quiet mlefit @ git+https://example.org/a/mlefit",
        ),
        ("there", "https://example.org/a/mlefit", ""),
    ],
)
def test_the_first_cell_installs_only_what_is_absent(where, address, says):
    code = repository.installing(address, ["import mlefit"])
    ended = subprocess.run(
        [sys.executable, "-c", SHELL, where], input=code, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip().replace('"', "") == says


def test_the_package_brings_all_that_pages_import():
    always = {re.match(r"[\w-]+", line)[0].lower() for line in requires("mlefit") if "extra" not in line}
    for uri in URIS:
        sources, brought = [cell.source for cell in parsed(uri).code_cells], always | {"mlefit"}
        if "mlefit[dask]" in repository.installing("", sources):
            brought |= {"dask", "distributed", "pandas", "pyarrow"}  # by dask[array,dataframe,distributed]
        for cell in parsed(uri).code_cells:
            for node in ast.walk(ast.parse(cell.source)):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module] if isinstance(node, ast.ImportFrom) else []
                roots = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
                assert roots <= brought, uri


def test_colab_opens_what_github_has_and_nothing_else():
    assert repository.colab("", "learn/line/line.ipynb") is None
    assert repository.colab("https://gitlab.com/a/mlefit", "learn/line/line.ipynb") is None
    assert repository.colab("https://github.com/a/b.git", "x y.ipynb").endswith(
        "/github/a/b/blob/gh-pages/x%20y.ipynb"
    )


PAGE = "# Page\n\n```python\nprint(2)\n```\n"


@pytest.mark.parametrize("address", ["", "https://github.com/someone/mlefit"])
def test_pages_offer_colab_and_an_edit_link_where_there_is_a_repository(tmp_path, monkeypatch, address):
    monkeypatch.setenv("REPO_URL", address)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    header = HEADER.replace("---\n", "---\ndescription: A page.\n", 1)
    folder = little_site(tmp_path, PAGE, header)
    (folder / "docs" / "index.md").write_text("---\ndescription: Home.\n---\n\n# Home\n")
    built = build(folder)
    assert built.returncode == 0, built.stderr
    text = (folder / "site" / "page" / "index.html").read_text()
    soup = BeautifulSoup(text, "html.parser")
    links = [link["href"] for link in soup.find_all("a", href=re.compile("^https?:"))]
    wanted = [
        "https://github.com/someone/mlefit",
        "https://github.com/someone/mlefit/edit/main/docs/page.md",
        "https://colab.research.google.com/github/someone/mlefit/blob/gh-pages/page/page.ipynb",
    ]
    assert [link in links for link in wanted] == [bool(address)] * 3
    assert ("colab" in text) == ("Edit this page" in text) == bool(address)
    assert not soup.select('[data-md-component="source"]')  # it would ask GitHub for stars
    cell = json.loads((folder / "site" / "page" / "page.ipynb").read_text())["cells"][0]
    assert ("git+https://github.com/someone/mlefit" in cell["source"]) == bool(address)
    assert soup.select_one(".ran").get_text().startswith("Run on 2001-09-09 with mlefit ")


def test_an_executed_page_says_when_and_with_what_it_ran(site):
    versions = ran.versions()
    for uri in URIS:
        path = site / uri.removesuffix("index.md").removesuffix(".md") / "index.html"
        foot = [tag.get_text() for tag in BeautifulSoup(path.read_text(), "html.parser").select("p.ran")]
        assert len(foot) == parsed(uri).runs, uri
        for said in foot:
            told = dict(re.findall(r"(\w+) (\d[\w.]*\w)", said.partition("with")[2]))
            assert told.keys() == {*ran.TOLD.values(), "Python"}
            assert told["TensorFlow"] == versions["tensorflow"] and told["Python"] == versions["python"]
            assert re.search(r"Run on 20\d\d-\d\d-\d\d with", said)


@pytest.mark.parametrize("uri", URIS)
def test_a_page_is_there_as_markdown(site, uri):
    folder = site / uri.removesuffix("index.md").removesuffix(".md")
    soup = BeautifulSoup((folder / "index.html").read_text(), "html.parser")
    (link,) = soup.select('link[rel="alternate"][type="text/markdown"]')
    text = (folder / link["href"]).read_text()
    assert text.startswith("# ")
    for cell in parsed(uri).code_cells:
        assert f"```python\n{cell.source}\n```" in text
    prose = plain.FENCED.sub("", text)
    assert not re.search(
        r"^::: |^<details|^</?div|<!-- house -->|\{ ?[.#]\w[^}$]*\}$|\]\[mlefit", prose, re.MULTILINE
    )
    targets = [target.partition("#")[0] for target in re.findall(r"\]\((?![a-z]+:)([^)\s]+)\)", prose)]
    assert [target for target in targets if target and not (folder / target).is_file()] == []
    pictures = [image["src"] for image in soup.select("article img")]
    assert [target for _, target in re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", prose)] == pictures


def test_the_list_of_pages_is_the_navigation(site):
    text = (site / "llms.txt").read_text()
    assert re.match(r"# mlefit\n\n> \S.*\n\n", text)
    found = re.findall(r"^- \[(.+)\]\((\S+)\): (\S.*)$", text, re.MULTILINE)
    by_file = {uri.removesuffix("index.md").removesuffix(".md").rstrip("/"): uri for uri in URIS}
    uris = [by_file[target.removesuffix("index.md").rstrip("/")] for _, target, _ in found]
    assert sorted(uris) == URIS
    order = re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text().partition("\nnav:")[2])
    assert uris == [uri for uri in order if uri in URIS]
    assert [about for *_, about in found] == [parsed(uri).header["description"] for uri in uris]


def test_the_api_reads_as_its_docstrings():
    root = sources.tree(ROOT / "mlefit", "")
    text = api.described("# Fitting\n\n::: mlefit.fit\n\n::: mlefit.compare\n", root)
    assert re.findall(r"^## `(.*)`", text, re.MULTILINE) == ["mlefit.fit", "mlefit.compare"]
    assert "fit(model: Model, *data: Data" in text and "- `weights`: " in text
    assert re.search(r"```pycon\n>>> .*\n```", text, re.DOTALL)


def test_a_site_in_a_folder_can_be_read_from_page_to_page(site, browser):
    """Without a server the address of a folder would show what is in it."""
    tab, said = browser.new_page(), []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: request.url.startswith("file:") or said.append(request.url))
    tab.goto((site / "index.html").as_uri(), wait_until="load")
    for link, page in (
        (".ways ol a >> nth=1", "learn/likelihood"),
        ("nav.onward a[rel=next]", "learn/gaussian"),
        (".md-tabs__link >> text=Guides", "guides/graph-mode"),
        (".md-logo >> visible=true", ""),
    ):
        tab.locator(link).first.focus()
        tab.keyboard.press("Enter")
        tab.wait_for_url((site / page / "index.html").as_uri())
        tab.wait_for_load_state("load")
    tab.close()
    assert said == []

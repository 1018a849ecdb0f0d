"""What leaves the tree: wheel and sdist, their metadata, the version, and the workflows that release them."""

import email
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest
import yaml

from conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WORKFLOWS = {path.name: path.read_text() for path in (ROOT / ".github" / "workflows").iterdir()}
ADDRESSES = {"REPO_URL": "https://example.org/we/mlefit", "SITE_URL": "https://example.org/mlefit/"}


def build(folder, **addresses):
    """Build sdist and wheel into `folder`, with these addresses in the environment and no others."""
    clean = {name: value for name, value in os.environ.items() if name not in ADDRESSES}
    command = ["uv", "build", "--out-dir", str(folder)]
    return subprocess.run(
        command, cwd=ROOT, env=clean | addresses, capture_output=True, text=True, check=False
    )


def metadata(folder):
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("METADATA"))
        return email.message_from_bytes(archive.read(name))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with wheel and sdist, built as the release does."""
    folder = tmp_path_factory.mktemp("dist")
    done = build(folder, **ADDRESSES)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def unplaced(tmp_path_factory):
    """The same, built where nobody says where the project lives."""
    folder = tmp_path_factory.mktemp("unplaced")
    done = build(folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_wheel_and_sdist_hold_the_package_and_nothing_else(built):
    package = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "mlefit").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "mlefit/py.typed" in package and any(name.endswith(".csv") for name in package)
    (wheel,), (sdist,) = built.glob("*.whl"), built.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        assert {name for name in archive.namelist() if ".dist-info/" not in name} == package
    with tarfile.open(sdist) as archive:
        held = {name.split("/", 1)[1] for name in archive.getnames()}
    beside = {"README.md", "LICENSE", "pyproject.toml", "PKG-INFO", ".gitignore", ".ci/metadata.py"}
    assert held == package | beside


def test_links_are_those_that_the_builder_names(built, unplaced):
    links = dict(link.split(", ") for link in metadata(built).get_all("Project-URL"))
    assert links == {
        "Documentation": "https://example.org/mlefit/",
        "Changelog": "https://example.org/mlefit/reference/changelog/",
        "Source": "https://example.org/we/mlefit",
        "Issues": "https://example.org/we/mlefit/issues",
    }
    assert (ROOT / "docs/reference/changelog.md").exists()
    assert metadata(unplaced).get_all("Project-URL") is None


def test_the_readme_on_an_index_has_no_relative_address(built, unplaced):
    picture = "https://example.org/mlefit/assets/hubble.svg"
    assert (ROOT / "docs/assets/hubble.svg").exists()
    for folder, wanted in ((built, [picture]), (unplaced, [])):
        shown = metadata(folder)
        assert shown["Description-Content-Type"] == "text/markdown"
        readme = re.sub(r"^```.*?^```$", "", shown.get_payload(), flags=re.DOTALL | re.MULTILINE)
        assert re.findall(r"\]\(([^)]*)\)", readme) == wanted
        assert "<img" not in readme and "## A fit" in readme


def test_a_place_that_is_no_address_is_refused(tmp_path):
    done = build(tmp_path, SITE_URL="example.org")
    assert done.returncode != 0 and "SITE_URL must be an address that begins with https://" in done.stderr


def test_the_version_is_that_of_the_changelog_and_of_the_citation(page, built):
    version = PROJECT["version"]
    headings = re.findall(r"^## (.*)$", (ROOT / "docs/reference/changelog.md").read_text(), re.MULTILINE)
    year = re.fullmatch(rf"{re.escape(version)} \((\d{{4}})-\d\d-\d\d\)", headings[0])[1]
    cited = page("reference/cite.md")
    assert cited["year"] == int(year) and cited["version"]("mlefit") == version
    assert metadata(built)["Version"] == version
    spelled = re.compile(rf"""["']{re.escape(version)}["']""")
    sources = [*(ROOT / "mlefit").rglob("*.py"), ROOT / "docs/reference/cite.md"]
    assert [path.name for path in sources if spelled.search(path.read_text())] == []


def test_the_pythons_named_are_those_that_are_tried():
    named = [c.split(" :: ")[-1] for c in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", c)]
    run = (ROOT / ".ci/run").read_text()
    tried = list(dict.fromkeys(re.findall(r"^.*\.ci/wheel .*mlefit-\*\.whl (3\.\d+) ", run, re.MULTILINE)))
    newest = yaml.safe_load(WORKFLOWS["ci.yml"])["jobs"]["newest"]["strategy"]["matrix"]["python"]
    assert named == tried == newest
    assert PROJECT["requires-python"] == f">={named[0]}"
    for text in ("README.md", "docs/reference/contributing.md"):
        assert f"You need Python {' or '.join(named)}, pip and git." in (ROOT / text).read_text()


def steps(workflow):
    return [step for job in yaml.safe_load(workflow)["jobs"].values() for step in job["steps"]]


def test_workflows_check_build_and_release():
    assert WORKFLOWS.keys() == {"ci.yml", "pages.yml", "release.yml"}
    lines = {name: [step.get("run", "") for step in steps(text)] for name, text in WORKFLOWS.items()}
    assert any(line.endswith(" .ci/run") for line in lines["ci.yml"])
    assert "actionlint" in lines["ci.yml"]
    assert "uv run mkdocs build --strict" in lines["pages.yml"]
    assert "uv publish --trusted-publishing always dist/*" in lines["release.yml"]
    triggers = {
        name: yaml.safe_load(text)[True] for name, text in WORKFLOWS.items()
    }  # YAML 1.1 reads on as true
    assert triggers["release.yml"] == {"push": {"tags": ["v*"]}}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_do_no_more_than_it_needs(name):
    workflow = yaml.safe_load(WORKFLOWS[name])
    assert workflow["permissions"] == {} and "secrets." not in WORKFLOWS[name]
    granted = {
        (job, what): level
        for job, content in workflow["jobs"].items()
        for what, level in content["permissions"].items()
        if (what, level) not in {("contents", "read"), ("pages", "read")}
    }
    may = {
        "ci.yml": {},
        "pages.yml": {("deploy", "pages"): "write", ("deploy", "id-token"): "write"},
        "release.yml": {("publish", "id-token"): "write"},
    }
    assert granted == may[name]
    for step in steps(WORKFLOWS[name]):
        if "uses" in step:
            assert re.fullmatch(r"actions/[\w-]+@v\d+|[\w/-]+@[0-9a-f]{40}", step["uses"])
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_the_issue_form_asks_for_a_case_that_runs():
    form = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE/wrong.yml").read_text())
    required = {field["id"] for field in form["body"] if field["validations"]["required"]}
    assert required == {"code", "expected", "got", "versions"}
    (asked,) = (f["attributes"]["description"] for f in form["body"] if f["id"] == "versions")
    command = re.search(r'python (-c) "(.*)"', asked)
    printed = subprocess.run([sys.executable, *command.groups()], capture_output=True, text=True, check=True)
    assert f"mlefit {PROJECT['version']}" in printed.stdout and "tensorflow 2." in printed.stdout

"""What the tests share: the tree, each page run once as its reader would, and a site built from nothing."""

import functools
import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# TensorFlow reads these when it is imported.
os.environ.update(TF_CPP_MIN_LOG_LEVEL="2", TF_ENABLE_ONEDNN_OPTS="0", MPLBACKEND="agg")

import keras
import pytest
import tensorflow as tf
from playwright.sync_api import sync_playwright

from _render import execute, pages

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
BUILDS = pytest.StashKey[list]()
UNSEEDED = tf.compat.v1.get_seed(0)[0]
URIS = sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if "_render" not in path.parts)


def pytest_addoption(parser):
    parser.addoption("--site", help="a folder with the site, built already, for tests of what is in it")


def parsed(uri):
    """The page `uri`, read from the tree."""
    return pages.read(uri, (DOCS / uri).read_text())


def copy_tree(folder):
    """Copy what a site is built from into `folder`, without any cache."""
    for name in ("docs", "mlefit"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", folder)
    return folder


def build(folder, into="site", temporary=None):
    """Build the site of the tree in `folder` into `folder/into`, and return the finished process."""
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--site-dir",
        into,
    ]  # --quiet would switch off --strict
    env = {**os.environ, "TMPDIR": str(temporary)} if temporary else None
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=env)
    built.folder = folder
    return built


@pytest.fixture(scope="session")
def run_once():
    """Return a function: the page's URI -> the names it defined and its outputs, once all of it has run."""
    results = {}

    def run(uri):
        if uri not in results:
            keras.utils.clear_session()
            results[uri] = execute.run(parsed(uri))
            keras.config.set_floatx("float32")
        return results[uri]

    return run


@pytest.fixture(autouse=True)
def without_a_seed_left():
    """Pages set TensorFlow's seed, which would give the datasets of later tests another order."""
    yield
    if tf.compat.v1.get_seed(0)[0] != UNSEEDED:
        tf.random.set_seed(None)


@pytest.fixture(scope="session")
def page(run_once):
    """Return a function: the page's URI -> the names it defined, once its cells and doctests have run."""
    return lambda uri: run_once(uri)[0]


@pytest.fixture(scope="session")
def cluster():
    """The client of a cluster of two processes, one for all tests; it is in force while a test has it."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, memory_limit="4GiB"
        ) as workers,
        Client(workers, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def cold_build(cold_builds):
    """The finished process of a strict build from nothing, in a copy of the tree."""
    return cold_builds[0].result()


@pytest.fixture(scope="session")
def site(request, cold_builds):
    """The folder of a site that was built cold, strictly, from a copy of the tree."""
    built = request.config.getoption("site")
    return Path(built).resolve() if built else _finished(cold_builds[0].result())


@pytest.fixture(scope="session")
def site_again(cold_builds):
    """The folder of a second site, drawn from nothing but the outputs of the pages of the first."""
    return _finished(cold_builds[1].result())


@pytest.fixture(scope="session")
def site_warm(cold_builds):
    """The folder of a third site, built where the first was, with all that it had kept."""
    return _finished(cold_builds[2].result())


@pytest.fixture(scope="session")
def site_staged(cold_builds, tmp_path_factory):
    """The folder of a site that plain MkDocs built from the staged pages of the first."""
    if cold_builds is None:
        return _finished(_staged(ROOT, tmp_path_factory.mktemp("staged")))
    return _finished(cold_builds[3].result())


@pytest.fixture(scope="session")
def cold_builds(request):
    return request.config.stash.get(BUILDS, None)


@pytest.fixture(scope="session")
def home(site):
    """The address of the built site, served on the loopback."""
    handler = functools.partial(_QuietHandler, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    """One browser for all tests that need one."""
    if not CHROMIUM:
        how = "no browser: `apt-get install chromium`, or set CHROMIUM to the path of one"
        if os.environ.get("CI"):
            pytest.fail(how)
        pytest.skip(how)
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.hookimpl(trylast=True)  # once -k has had its say
def pytest_collection_modifyitems(config, items):
    """Tests of the built site come last: it is built beside the tests that do not need it."""
    items.sort(key=lambda item: "cold_builds" in getattr(item, "fixturenames", ()))
    if not items or "cold_builds" not in getattr(items[-1], "fixturenames", ()) or config.getoption("site"):
        return
    folder = tempfile.TemporaryDirectory()
    one, two = Path(folder.name, "one"), Path(folder.name, "two")
    one_after_another = ThreadPoolExecutor(1)
    config.stash[BUILDS] = [
        one_after_another.submit(*call)
        for call in ((_cold, one), (_drawn, one, two), (_warm, one), (_staged, one, one / "staged"))
    ]
    config.add_cleanup(folder.cleanup)
    config.add_cleanup(lambda: one_after_another.shutdown(cancel_futures=True))


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def _cold(folder):
    temporary = folder / "tmp"
    temporary.mkdir(parents=True)
    return build(copy_tree(folder), temporary=temporary)


def _drawn(source, folder):
    folder.mkdir()
    shutil.copytree(source / ".cache" / "outputs", folder / ".cache" / "outputs")
    return build(copy_tree(folder))


def _warm(folder):
    return build(folder, into="warm")


def _staged(folder, into):
    command = [sys.executable, "-m", "docs._render.stage", str(into)]
    staged = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return build(into) if staged.returncode == 0 else staged


def _finished(built):
    assert built.returncode == 0, built.stdout + built.stderr
    return Path(built.folder, built.args[-1])

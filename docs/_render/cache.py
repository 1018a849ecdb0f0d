"""Run pages side by side, and only those whose code, package or dependencies changed."""

import hashlib
import json
import multiprocessing
import os
import platform
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path

from _render import execute, pages

DEPENDENCIES = ("tensorflow", "keras", "numpy", "matplotlib")
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "-1"}


def outputs(found, package, folder):
    """Return the outputs of each page in `found`, by its URI, running what `folder` does not hold yet.

    Args:
        found: the pages to run.
        package: the folder of `mlefit`; a change in any of its files runs every page again.
        folder: where outputs are kept, one JSON file a page.
    """
    setting = fingerprint(package)
    files = {page.uri: folder / f"{_slug(page.uri)}-{_key(page, setting)}.json" for page in found}
    stale = [page for page in found if not files[page.uri].exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for page, result in zip(stale, _run_all(stale), strict=True):
        for old in folder.glob(f"{_slug(page.uri)}-*.json"):
            old.unlink()
        files[page.uri].write_text(json.dumps(result))
    return {page.uri: json.loads(files[page.uri].read_text()) for page in found}


def fingerprint(package):
    """A digest of what every page depends on: the package's files, the way pages run, the versions."""
    sources = sorted(path for path in package.rglob("*") if path.suffix in (".py", ".csv"))
    digest = hashlib.sha256()
    for path in [*sources, Path(execute.__file__)]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    digest.update(repr([platform.python_version(), *map(version, DEPENDENCIES)]).encode())
    return digest.hexdigest()


def _key(page, setting):
    code = [(cell.source, cell.alt) if cell.is_code else cell.doctests for cell in page.cells]
    return hashlib.sha256(repr((code, setting)).encode()).hexdigest()[:16]


def _slug(uri):
    return uri.removesuffix(".md").replace("/", "-")


def _run_all(stale):
    if not stale:
        return []
    os.environ.update(QUIET)
    # The server imports TensorFlow once; each page starts as a fresh fork of it, in a fraction of a second.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tensorflow", "keras", "matplotlib.pyplot"])
    workers = min(len(stale), os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, mp_context=context, max_tasks_per_child=1) as pool:
        return list(pool.map(_run_one, stale))


def _run_one(page):
    try:
        return execute.run(page)[1]
    except pages.PageError as error:
        raise pages.PageError(str(error)) from None

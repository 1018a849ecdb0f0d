"""Outputs of pages, kept under their code, the package and its dependencies: only what changed runs again."""

from pathlib import Path

from _render import execute, kept, ran, running


def results(found, package, folder, at_once=False):
    """Return what each page in `found` gave, by its URI, running what `folder` does not hold yet.

    The result of a page is a dict: its `outputs`, one for each code cell, and when and with which versions it
    `ran`.

    Args:
        found: the pages to run.
        package: the folder of `mlefit`; a change in any of its files runs every page again.
        folder: where outputs are kept, one JSON file a page.
        at_once: do not wait. Pages run behind the caller's back, and one that is not there yet has a text in
            place of outputs: why it failed, or nothing. Only for one page alone that is asked for the first
            time, because its author has just changed it, the caller waits.

    Raises:
        PageError: for pages that failed, where they are waited for.
    """
    setting = fingerprint(package)
    files = {page.uri: kept.file(folder, page.uri, _key(page, setting)) for page in found}
    stale = {files[page.uri]: page for page in found if not files[page.uri].exists()}
    kept.tidy(folder, files.values())
    new = runner.want(stale)
    if not at_once or len(new) == len(stale) == 1:
        runner.wait()
    return {
        uri: kept.read(file) if file.exists() else runner.failures.get(file, "")
        for uri, file in files.items()
    }


def fingerprint(package):
    """A digest of what every page depends on: the package's files, the way pages run, the versions."""
    how = Path(execute.__file__).read_bytes()
    versions = sorted(ran.versions().items())
    return kept.digest([kept.of_folder(package, (".py", ".csv")), how, versions])


def _keep(file, outputs):
    kept.write(file, {"outputs": outputs, "ran": ran.now()})


runner = running.Runner(keep=_keep)


def _key(page, setting):
    code = [(cell.source, cell.alt, cell.explorer) if cell.is_code else cell.doctests for cell in page.cells]
    return [part for part in code if part], setting

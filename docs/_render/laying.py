"""Executed notebooks and what belongs to them, laid among the files that MkDocs reads."""

from pathlib import Path
from urllib.parse import urljoin

from mkdocs.structure.files import File

from _render import alternate, notebooks, repository


def out(page, result, files, homes, config, folder):
    """Put the executed notebook in the place of the page; return where its figures lie.

    Args:
        page: the parsed `Page`.
        result: what running it gave, a dict with `"outputs"`.
        files: the files of MkDocs, which gain figures and the notebook to download.
        homes: where the API of each name stands.
        config: the configuration of MkDocs.
        folder: where notebooks are kept.
    """
    outputs = result["outputs"]
    notebook = folder / Path(page.uri).with_suffix(".ipynb")
    notebook.parent.mkdir(parents=True, exist_ok=True)
    notebook.write_text(notebooks.executed(page, outputs))
    files.get_file_from_path(page.uri).abs_src_path = str(notebook)
    figures = dict(notebooks.figures(page, outputs))
    for uri, data in figures.items():
        files.append(File.generated(config, uri, content=data))

    def address(target):
        file, anchor = alternate.followed(page.uri, target, files, homes)
        return urljoin(config.site_url, file.url) + anchor if config.site_url and file else None

    sources = [cell.source for cell in page.code_cells]
    download = notebooks.download(page, address, repository.installing(config.repo_url, sources))
    files.append(File.generated(config, notebooks.download_file(page.uri), content=download))
    return list(figures)

"""Write the executed pages as Markdown that any site generator builds: `python -m docs._render.stage OUT`.

Outputs, figures, MathML and the API are in them. Nothing is left for hooks or plugins to do.
"""

import argparse
import posixpath
import re
import shutil
import sys
import tempfile
from pathlib import Path

import yaml
from mkdocs.utils.yaml import get_yaml_loader

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from _render import api, built, maths, notebooks, plain, rendered

LEFT_OUT = ("hooks", "watch", "exclude_docs", "edit_uri")
PLUGINS_LEFT_OUT = ("mkdocs-jupyter", "mkdocstrings")
EXTENSIONS_LEFT_OUT = ("pymdownx.arithmatex",)
OWN_META = ("jupyter", "notebook", "colab", "ran", "place", "neighbours")
BESIDE = (".svg", ".png", ".ipynb")
ARTICLE = re.compile(r"<article[^>]*>(.*)</article>", re.DOTALL)
BUTTON = re.compile(r'<a [^>]*class="md-content__button.*?</a>', re.DOTALL)
FURNITURE = re.compile(r'<p class="?place"?>.*?</p>|<nav class="?onward"?.*?</nav>', re.DOTALL)
EXPLORER = re.compile(r"^</?mle-[^>]*>\n", re.MULTILINE)  # around its figure, which stays
VERBATIM = re.compile(r"<pre\b.*?</pre>", re.DOTALL)


def settings(text):
    """The settings in `mkdocs.yml` without what runs, draws or reads pages: they are run, drawn and read.

    Raises:
        yaml.YAMLError: for text that is no YAML.
    """
    config = yaml.load(text, Loader=get_yaml_loader())
    config = {key: value for key, value in config.items() if key not in LEFT_OUT}
    config["edit_uri"] = ""  # what is edited is not what is staged
    config["theme"] = {key: value for key, value in config["theme"].items() if key != "custom_dir"}
    for key, names in (("plugins", PLUGINS_LEFT_OUT), ("markdown_extensions", EXTENSIONS_LEFT_OUT)):
        config[key] = [item for item in config[key] if not (item in names or set(item) & set(names))]
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True)


def write(out, site):
    """Stage the pages of the last build of this process, whose site lies in `site`, in the folder `out`."""
    shutil.copytree(ROOT / "docs", out / "docs", ignore=shutil.ignore_patterns("_render", "*.md"))
    for font in (site / "assets").glob("*.woff2"):
        shutil.copy(font, out / "docs" / "assets")
    homes = api.homes({uri: page.markdown for uri, page in rendered.pages.items()})
    for uri, page in rendered.pages.items():
        target = out / "docs" / uri
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_page(page, homes, site))
        for file in (site / uri.removesuffix(".md")).glob("*.*"):
            if file.suffix in BESIDE:
                target.with_suffix("").mkdir(exist_ok=True)
                shutil.copy(file, target.with_suffix("") / file.name)
    (out / "mkdocs.yml").write_text(settings((ROOT / "mkdocs.yml").read_text()))


def _page(page, homes, site):
    uri, text = page.file.src_uri, EXPLORER.sub("", page.markdown).strip()
    meta = {key: value for key, value in page.meta.items() if key not in OWN_META}
    if api.DIRECTIVE.search(text):
        html = ARTICLE.search((site / page.file.dest_uri).read_text())[1]
        html = FURNITURE.sub("", BUTTON.sub("", html))
        meta["title"], text = page.title, f"<div>{html}</div>"
    if text.startswith("<div") or "reference/source/" in uri:
        text = _one_block(text)
    else:
        text = maths.in_markdown(plain.TO_THE_API.sub(lambda link: _to_the_api(link, uri, homes), text), uri)
    if page.meta.get("ran"):
        notebook = posixpath.relpath(notebooks.download_file(uri), posixpath.dirname(uri))
        text += f'\n\n<small class="ran">{page.meta["ran"]}</small> [As a Jupyter notebook]({notebook})'
    front = yaml.safe_dump(meta, allow_unicode=True, width=1000)
    return f"---\n{front}---\n\n{text}\n"


def _to_the_api(link, uri, homes):
    home = api.home(link[2], homes)
    return f"[{link[1]}]({posixpath.relpath(home, posixpath.dirname(uri))}#{link[2]})"


def _one_block(html):
    """HTML without a blank line, at which Markdown would take over."""
    html = VERBATIM.sub(lambda block: block[0].replace("\n", "&#10;"), html)
    return re.sub(r"\n\s*", "\n", html)


def main():
    """Build the site, kept parts as they are, and stage its pages."""
    parser = argparse.ArgumentParser(prog="docs._render.stage", description=__doc__.partition(":")[0])
    parser.add_argument("out", type=Path, help="a folder that is empty, or is not there yet")
    out = parser.parse_args().out
    if out.exists() and any(out.iterdir()):
        parser.error(f"{out} is not empty")
    with tempfile.TemporaryDirectory() as site:
        built.site(site)
        write(out, Path(site))
    print(f"{len(rendered.pages)} pages in {out}: build them with `mkdocs build -f {out / 'mkdocs.yml'}`")


if __name__ == "__main__":
    main()

"""What the package's own page on an index needs of where the project lives, which the tree does not know.

`REPO_URL` and `SITE_URL`, where the builder sets them, become the project's links. The README's picture is
then taken from the site, and left out without one, because a relative address leads nowhere on an index.
"""

import os
import re
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

PICTURE = re.compile(r"!\[([^]]*)\]\(docs/([^)]*)\)\n\n?")


class Metadata(MetadataHookInterface):
    """Called by hatchling when it builds the wheel or the sdist."""

    def update(self, metadata: dict) -> None:
        """Add the links and the README to `metadata`."""
        repository, site = address("REPO_URL"), address("SITE_URL")
        metadata["urls"] = links(repository, site)
        text = readme(Path(self.root, "README.md").read_text(), site)
        metadata["readme"] = {"text": text, "content-type": "text/markdown"}


def address(name: str) -> str:
    """Return the address that the environment gives, without a slash at its end, or raise a ValueError."""
    found = os.environ.get(name, "").rstrip("/")
    if found and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", found):
        raise ValueError(f"{name} must be an address that begins with https:// or http://, got {found!r}")
    return found


def links(repository: str, site: str) -> dict[str, str]:
    """Return the project's links by the labels that package indexes know; none that is not known."""
    urls = {}
    if site:
        urls |= {"Documentation": f"{site}/", "Changelog": f"{site}/reference/changelog/"}
    if repository:
        urls |= {"Source": repository, "Issues": f"{repository}/issues"}
    return urls


def readme(text: str, site: str) -> str:
    """Return the README for an index page: its picture from the site, or none."""
    return PICTURE.sub(rf"![\1]({site}/\2)\n\n" if site else "", text)

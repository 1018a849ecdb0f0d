"""What stands on a page beside its text: its place, its reading time, the pages before and after."""

import re
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from mkdocs.utils.yaml import get_yaml_loader

from _render import place
from conftest import ROOT, URIS, parsed
from test_site import page_path


def _pages(entries):
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        else:
            for inside in entry.values():
                yield from [inside] if isinstance(inside, str) else _pages(inside)


NAV = yaml.load((ROOT / "mkdocs.yml").read_text(), get_yaml_loader())["nav"]
LEARN = list(_pages(next(entry["Learn"] for entry in NAV if "Learn" in entry)))
WITH = [uri for uri in _pages(NAV) if uri != "index.md"]


def _soup(site, uri):
    return BeautifulSoup(page_path(site, uri).read_text(), "html.parser")


@pytest.mark.parametrize("uri", WITH)
def test_a_page_says_where_it_stands_and_how_long_it_takes(site, uri):
    told = _soup(site, uri).select_one("article .place").get_text()
    if uri in LEARN:
        assert f"page {LEARN.index(uri) + 1} of {len(LEARN)}" in told
    minutes = int(re.search(r"(\d+) min$", told)[1])
    if uri in URIS and not uri.startswith("reference/"):
        words = sum(len(cell.source.split()) for cell in parsed(uri).cells)
        assert words / 600 - 1 <= minutes <= words / 80 + 2  # skimmed, and studied


@pytest.mark.parametrize("uri", WITH)
def test_the_pages_before_and_after_are_there_with_a_reason(site, uri):
    soup = _soup(site, uri)
    links = soup.select("nav.onward[aria-label] a")
    assert [link["rel"] for link in links] == [["prev"], ["next"]]
    assert all(len(link.get_text().split(":", 1)[1].split()) >= 5 for link in links)
    if uri in LEARN[1:-1]:
        at = LEARN.index(uri)
        for link, beside in zip(links, (LEARN[at - 1], LEARN[at + 1]), strict=True):
            assert link["href"].rstrip("/").endswith(Path(beside).stem)
            title = _soup(site, beside).h1.find(string=True).strip()
            assert title in link.b.get_text()


def test_every_page_has_its_reasons_and_they_name_pages():
    """The pages of the API alone lead on as the navigation does."""
    reasons = yaml.safe_load(place.REASONS.read_text())
    api = [uri for uri in WITH if uri.startswith("reference/api/") and not uri.endswith("index.md")]
    assert sorted(reasons) == sorted(set(WITH) - set(api))
    for uri, own in reasons.items():
        assert set(own) == {"back", "next"}
        for reason in own.values():
            if isinstance(reason, str):
                assert uri in LEARN, "only a page of the course leads on to its neighbour"
            else:
                assert reason[0] in WITH and reason[0] != uri


def test_the_home_page_has_neither(site):
    assert not _soup(site, "index.md").select(".place, .onward")

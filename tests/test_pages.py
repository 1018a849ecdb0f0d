"""Every page runs from top to bottom, cells and doctests, as its reader would run it."""

import pytest

from conftest import URIS, parsed


@pytest.mark.parametrize("uri", [uri for uri in URIS if parsed(uri).runs])
def test_page_runs(page, uri):
    assert page(uri)["__name__"] == "__main__"

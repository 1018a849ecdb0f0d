"""How pages become a site: read, run, draw, link. MkDocs calls `hooks`; the tests use the same parts."""

"""What search finds on a page, kept: reading every page's HTML again was most of a build after an edit."""

from _render import kept


def remember(index, folder):
    """Let Material's search index take a page's entries from `folder` while its HTML is the same.

    Returns:
        The list of files asked for, which grows while the pages are added.
    """
    add, wanted = index.add_entry_from_context, []

    def add_or_recall(page):
        about = [page.meta.get(name) for name in ("title", "tags", "search")]
        toc = [str(item) for item in page.toc]
        key = page.content, page.url, str(page.title), about, toc
        path = kept.file(folder, page.file.src_uri, key)
        wanted.append(path)
        entries = kept.read(path)
        if entries is None:
            before = len(index.entries)
            add(page)
            kept.write(path, index.entries[before:])
        else:
            index.entries += entries

    index.add_entry_from_context = add_or_recall
    return wanted


def from_a_folder(folder):
    """Write the index that Material asks for without a server: empty, for there it offers no search."""
    (folder / "search_index.js").write_text('var __index = {config: {lang: ["en"]}, docs: []};\n')

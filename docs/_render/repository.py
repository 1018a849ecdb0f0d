"""What pages offer once the project has a public repository, whose address the variable `REPO_URL` gives."""

import re
from urllib.parse import quote, urlsplit

COLAB = "https://colab.research.google.com/github"
BRANCH = "gh-pages"  # where `mkdocs gh-deploy` puts the built site, its notebooks with it


def requirement(address, dask=False):
    """What pip is asked for: the repository as it stands there, or without one the package of that name.

    >>> requirement("https://github.com/someone/mlefit/")
    'mlefit @ git+https://github.com/someone/mlefit'
    >>> requirement("", dask=True)
    'mlefit[dask]'
    """
    name = "mlefit[dask]" if dask else "mlefit"
    return f"{name} @ git+{address.rstrip('/')}" if address else name


def installing(address, sources):
    """The first cell of a notebook: it installs what its cells need, unless it is there, and says nothing."""
    dask = any(re.search(r"^(import|from) dask\b", source, re.MULTILINE) for source in sources)
    wanted = ", ".join(f'"{name}"' for name in (["mlefit", "dask"] if dask else ["mlefit"]))
    return (
        "import importlib.util\n\n"
        f"if not all(map(importlib.util.find_spec, [{wanted}])):\n"
        f'    %pip install --quiet "{requirement(address, dask)}"'
    )


def colab(address, notebook):
    """Where Colab opens the notebook at that place of the built site, or None: it reads from GitHub alone.

    >>> colab("https://github.com/someone/mlefit", "learn/line/line.ipynb")
    'https://colab.research.google.com/github/someone/mlefit/blob/gh-pages/learn/line/line.ipynb'
    """
    parts = urlsplit(address or "")
    if parts.hostname not in ("github.com", "www.github.com"):
        return None
    owner_and_name = parts.path.strip("/").removesuffix(".git")
    return f"{COLAB}/{owner_and_name}/blob/{BRANCH}/{quote(notebook)}"

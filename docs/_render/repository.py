"""What pages offer once the project has a public repository, whose address the variable `REPO_URL` gives."""

from urllib.parse import quote, urlsplit

COLAB = "https://colab.research.google.com/github"
BRANCH = "gh-pages"  # where `mkdocs gh-deploy` puts the built site, its notebooks with it


def requirement(address):
    """What pip is asked for: the repository as it stands there, or without one the package of that name.

    >>> requirement("https://github.com/someone/mlefit/")
    'mlefit @ git+https://github.com/someone/mlefit'
    >>> requirement("")
    'mlefit'
    """
    return f"mlefit @ git+{address.rstrip('/')}" if address else "mlefit"


def installing(address):
    """The first cell of a notebook: it installs what the page needs, unless it is there, and says nothing."""
    return (
        "import importlib.util\n\n"
        'if importlib.util.find_spec("mlefit") is None:\n'
        f'    %pip install --quiet "{requirement(address)}"'
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

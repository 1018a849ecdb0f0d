"""Results kept on disk, each in a file of its own under the digest of all that it depends on."""

import hashlib
import json
import os
import platform
import tempfile
from functools import lru_cache
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import quote

HERE = Path(__file__).parent


def file(folder, name, key):
    """Where the result called `name` lies while `key`, whose `repr` says all that it depends on, holds."""
    return folder / f"{quote(name, safe='')}@{digest(key)}.json"


def digest(key):
    """A short name for `key`, the same in every process."""
    return hashlib.sha256(repr(key).encode()).hexdigest()[:16]


def write(path, value):
    """Keep `value` in `path`, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".part", delete=False) as part:
        json.dump(value, part)
    os.replace(part.name, path)


def read(path):
    """What was kept in `path`, or None."""
    return json.loads(path.read_text()) if path.exists() else None


def value(folder, key, make):
    """The one result that `folder` holds if it was made under `key`, or else `make()`, kept from now on."""
    path = file(folder, folder.name, key)
    if not path.exists():
        write(path, make())
        tidy(folder, [path])
    return read(path)


def tidy(folder, wanted):
    """Remove what no page of this build asks for."""
    for path in set(folder.glob("*.json")) - set(wanted):
        path.unlink(missing_ok=True)


def of_folder(folder, suffixes):
    """The digest of every file below `folder` that ends in one of `suffixes`."""
    sources = sorted(path for path in folder.rglob("*") if path.suffix in suffixes)
    return digest([(str(path.relative_to(folder)), path.read_bytes()) for path in sources])


@lru_cache(maxsize=1)
def tools():
    """The digest of what renders a page: this folder as it was loaded, and the version of every package."""
    versions = sorted((each.name, each.version) for each in distributions())
    return digest([platform.python_version(), versions, of_folder(HERE, (".py", ".j2", ".html"))])

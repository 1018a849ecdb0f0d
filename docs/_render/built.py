"""A build of the site from another script, in this process: what the hooks know can then be asked for."""

import logging
import sys
from pathlib import Path

from mkdocs.commands import build
from mkdocs.config import load_config

ROOT = Path(__file__).parents[2]


def site(into):
    """Build the site into the folder `into`, strictly and with all that is kept, and return MkDocs' settings.

    Raises:
        SystemExit: with the messages of the build, if it fails.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for name in ("mkdocs", "fontTools", "MARKDOWN"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("mkdocs.pages").setLevel(logging.INFO)
    config = load_config(str(ROOT / "mkdocs.yml"), site_dir=str(into))
    config.plugins.on_startup(command="build", dirty=False)
    try:
        build.build(config)
    except Exception as error:
        raise SystemExit(f"the site does not build: {error}") from error
    finally:
        config.plugins.on_shutdown()
    return config

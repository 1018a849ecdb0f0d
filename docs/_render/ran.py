"""When and with which versions a page ran: kept with its outputs, and told at the foot of the page."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version

DEPENDENCIES = ("mlefit", "tensorflow", "keras", "numpy", "scipy", "matplotlib")
TOLD = {"mlefit": "mlefit", "tensorflow": "TensorFlow", "keras": "Keras", "numpy": "NumPy"}


def versions():
    """The version of Python and of every package that the outputs of a page depend on, by its name."""
    return {**{name: version(name) for name in DEPENDENCIES}, "python": platform.python_version()}


def now():
    """What is kept with outputs that have just been made: the date, in UTC, and the versions.

    The variable `SOURCE_DATE_EPOCH`, in seconds since 1970, stands in for the clock where it is set: two
    builds from nothing then give the same bytes on different days.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    return {"date": moment.date().isoformat(), "versions": versions()}


def told(ran):
    """One sentence for the foot of a page.

    >>> told({"date": "2026-11-27", "versions": {"mlefit": "0.2.0", "tensorflow": "2.21.0", "keras": "3.15.0",
    ...       "numpy": "2.3.5", "scipy": "1.16.3", "matplotlib": "3.10.7", "python": "3.12.1"}})
    'Run on 2026-11-27 with mlefit 0.2.0, TensorFlow 2.21.0, Keras 3.15.0, NumPy 2.3.5 and Python 3.12.1.'
    """
    packages = ", ".join(f"{name} {ran['versions'][package]}" for package, name in TOLD.items())
    return f"Run on {ran['date']} with {packages} and Python {ran['versions']['python']}."

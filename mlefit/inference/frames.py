"""A table as a pandas DataFrame; pandas is imported here, and when a reader asks for a frame."""

from collections.abc import Iterable, Sequence
from typing import Any


def frame(columns: Sequence[str], rows: Iterable[Sequence]) -> Any:
    """Return a `DataFrame` of these rows; an ImportError that says what to install if there is no pandas."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError("to_frame needs pandas, which mlefit does not bring: pip install pandas") from error
    return pd.DataFrame(list(rows), columns=list(columns))

"""A logistic regression of rows in partitions by other packages, beside mlefit.fit on the same workers.

uv run --group bench python tests/benchmarks/scale_peers.py [--data FOLDER] [--sizes ...] [--save]

The files are those of scale.py, and the frame is one that counts how often each file is read. All ways but
statsmodels, which takes one partition after another in this process, run on a cluster of two workers. They
take turns, and of two rounds the better time counts. A fit of 10^5 rows warms each of them. With --save the
rows are written to docs/reference/scale-peers.json, from where the page takes its table.
"""

import argparse
import datetime
import math
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from benchmarks import saving, scale, scale_data  # noqa: E402

SAVED = ROOT / "docs" / "reference" / "scale-peers.json"
MODEL, WORKERS, ROUNDS = "logistic", 2, 2
PACKAGES = ("mlefit", "numpy", "scipy", "dask", "distributed", "dask-ml", "dask-glm", "statsmodels")


class Rows:
    """The files of a folder as frames and arrays of Dask, or one after another; it counts what is read."""

    def __init__(self, there):
        self.files = sorted(map(str, there.glob("part-*.parquet")))
        self.sizes = [scale_data.parquet.read_metadata(file).num_rows for file in self.files]
        self.counted = there / "read"

    def frame(self):
        import dask.dataframe as dd

        read = partial(_read, counted=str(self.counted))
        return dd.from_map(read, self.files, meta=_read(self.files[0]).iloc[:0])

    def arrays(self):
        """Arrays of Dask that know their lengths, as dask-ml asks."""
        X, y = scale_data.parts(MODEL, self.frame())
        return X.to_dask_array(lengths=self.sizes), y.to_dask_array(lengths=self.sizes)

    def one_by_one(self):
        for file in self.files:
            X, y = scale_data.parts(MODEL, _read(file, str(self.counted)))
            yield X.to_numpy(), y.to_numpy()

    def passes(self):
        """How often the files have been read since the last call, on average."""
        read = self.counted.stat().st_size if self.counted.exists() else 0
        self.counted.unlink(missing_ok=True)
        return read / len(self.files)


def _read(file, counted=None):
    import pandas as pd

    if counted:
        with open(counted, "ab") as marks:  # One byte each, by all processes.
            marks.write(b"1")
    return pd.read_parquet(file)


def by_mlefit(rows):
    import mlefit

    result = mlefit.fit(mlefit.LogisticRegression(), *scale_data.parts(MODEL, rows.frame()))
    return _numbers(result)[0], result.converged


def by_dask_ml(rows, **options):
    from dask_ml.linear_model import LogisticRegression

    fitted = LogisticRegression(**options).fit(*rows.arrays())
    return [fitted.intercept_, *fitted.coef_], None


def by_statsmodels(rows):
    """The mean of the fits of all partitions, of which each counts the same."""
    import numpy as np
    import statsmodels.api as sm
    from statsmodels.base import distributed_estimation as chunks

    model = chunks.DistributedModel(
        len(rows.files),
        model_class=sm.Logit,
        estimation_method=chunks._est_unregularized_naive,
        join_method=chunks._join_naive,
    )
    parts = ((y, np.column_stack([np.ones(len(X)), X])) for X, y in rows.one_by_one())
    return model.fit(parts, fit_kwds={"disp": 0}).params, None


WAYS = {
    "mlefit": by_mlefit,
    "dask-ml, newton": partial(by_dask_ml, solver="newton"),
    "dask-ml, lbfgs, no penalty": partial(by_dask_ml, solver="lbfgs", penalty=None),
    "dask-ml, admm and l2, its defaults": by_dask_ml,
    "statsmodels, mean of the partitions' fits": by_statsmodels,
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="where the files are, or will be")
    parser.add_argument("--sizes", nargs="+", type=lambda n: int(float(n)), default=(10**6, 10**7))
    parser.add_argument("--limit", default="4GiB", help="memory that a worker may use")
    parser.add_argument("--save", action="store_true", help=f"write {SAVED.relative_to(ROOT)}")
    args = parser.parse_args()
    os.environ.update(scale.QUIET)
    from benchmarks import scale_measuring

    head = saving.machine(PACKAGES) | {"memory_limit": args.limit, "workers": WORKERS}
    found = []
    with (
        tempfile.TemporaryDirectory() as temporary,
        scale_measuring.clusters([WORKERS], args.limit) as clients,
        clients[WORKERS].as_current(),
    ):
        for n in (scale.FEW, *args.sizes):
            there = scale_data.folder(args.data or Path(temporary), MODEL, n)
            measured = compared(there, n)
            found += measured if n > scale.FEW else []
            for row in measured:
                print(row, flush=True)
    if args.save:
        SAVED.write_text(saving.as_text(head, found))


def compared(there, n):
    """A row for each way, with its best time over that of mlefit, and how far it ends from the optimum."""
    import numpy as np

    rows, best = Rows(there), {}
    rows.passes()
    truth, errors = _in_memory(there)
    for _ in range(ROUNDS):
        for name, way in WAYS.items():
            began = time.perf_counter()
            try:
                estimates, converged = way(rows)
            except Exception as error:  # A peer that fails is a finding.
                best.setdefault(name, {"failed": f"{type(error).__name__}: {error}"[:200]})
                rows.passes()
                continue
            row = {
                "errors": name == "mlefit",  # The others give estimates alone.
                "fit_s": time.perf_counter() - began,
                "passes": rows.passes(),
                "estimates_off": float(np.max(np.abs(np.asarray(estimates) - truth) / errors)),
            }
            row |= {} if converged is None else {"converged": bool(converged)}
            best[name] = min(best.get(name, row), row, key=lambda one: one.get("fit_s", math.inf))
    own = best["mlefit"]["fit_s"]
    today = {"date": datetime.date.today().isoformat(), "load": os.getloadavg()[0]}
    for row in best.values():
        row |= {"over_mlefit": row["fit_s"] / own} if "fit_s" in row else {}
    return [{"way": name, "n": n, **row, **today} for name, row in best.items()]


def _in_memory(there):
    import mlefit

    return _numbers(mlefit.fit(mlefit.LogisticRegression(), *scale_data.held(MODEL, there)))


def _numbers(result):
    """Intercept and slopes, and their standard errors."""
    import numpy as np

    found = result.estimates, result.standard_errors
    return [np.array([one["intercept"], *one["slope"]]) for one in found]


if __name__ == "__main__":
    main()

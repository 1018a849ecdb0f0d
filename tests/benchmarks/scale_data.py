"""Rows in files of Parquet, written block by block, and what `fit` takes of them."""

import json
import math
import shutil

import numpy as np
import pyarrow as pa
from pyarrow import parquet

PARTITION = 10**6  # rows in a file, at most
COLUMNS = 10
SLOPES, INTERCEPT = np.linspace(-0.5, 0.5, COLUMNS), -0.3
MODELS = "Gaussian", "Student's t", "logistic"
_SEED = 14


def partitions(n):
    """How many files hold so many rows: always two, so that two workers have work."""
    return max(2, math.ceil(n / PARTITION))


def names(model):
    """The columns of a file: those of x, and at the end y, if the model has one."""
    return [*(f"x{j}" for j in range(COLUMNS)), "y"] if model == "logistic" else ["x"]


def folder(data, model, n):
    """The folder with the files of a model, written if it is not there."""
    kind = "logistic" if model == "logistic" else "t"  # Gaussian and Student's t are fitted to the same rows
    there = data / f"{kind}-{n}"
    if (there / "written.json").exists():
        return there
    shutil.rmtree(there, ignore_errors=True)
    there.mkdir(parents=True)
    count = partitions(n)
    for partition in range(count):
        size = n * (partition + 1) // count - n * partition // count
        table = pa.table(dict(zip(names(model), _block(kind, partition, size), strict=True)))
        parquet.write_table(table, there / f"part-{partition:05d}.parquet")
    (there / "written.json").write_text(json.dumps({"rows": n, "files": count}))
    return there


def _block(kind, partition, size):
    """The columns of a partition, float64, from a seed of its own."""
    rng = np.random.default_rng([_SEED, partition])
    if kind == "t":
        return [10.0 + 2.0 * rng.standard_t(4.0, size)]
    columns = rng.standard_normal((COLUMNS, size))
    logit = INTERCEPT + SLOPES @ columns
    return [*columns, (rng.random(size) < 1 / (1 + np.exp(-logit))).astype(float)]


def frame(there):
    """The files as a frame of Dask."""
    import dask.dataframe as dd

    return dd.read_parquet(sorted(map(str, there.glob("part-*.parquet"))))


def parts(model, table):
    """What `fit` takes after the model, from a frame of Dask or pandas."""
    *columns, last = names(model)
    return (table[columns], table[last]) if columns else (table[last],)


def held(model, there):
    """The same in memory, as arrays: read file by file, so that nothing is held twice."""
    *columns, last = names(model)
    files = sorted(there.glob("part-*.parquet"))
    sizes = [parquet.read_metadata(file).num_rows for file in files]
    X, y = np.empty((sum(sizes), len(columns))), np.empty(sum(sizes))
    high = 0
    for file, size in zip(files, sizes, strict=True):
        low, high = high, high + size
        table = parquet.read_table(file)
        for j, name in enumerate(columns):
            X[low:high, j] = table[name].to_numpy()
        y[low:high] = table[last].to_numpy()
    return (X, y) if columns else (y,)


def bytes_of(there):
    """The size of the files."""
    return sum(file.stat().st_size for file in there.glob("part-*.parquet"))

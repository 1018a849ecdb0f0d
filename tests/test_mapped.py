"""Arrays on disk: fitted range by range, whatever their type, in less memory than they take."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

import mlefit
from mlefit.densities import student_t

rng = np.random.default_rng(5)
N = 100_000


class HeavyTails(mlefit.Model):
    def __init__(self):
        super().__init__()
        self.m, self.s = self.parameter("m", 0.0), self.parameter("s", 1.0, support="positive")

    def log_prob(self, x):
        return student_t(x, self.m(), self.s(), 4.0)


def on_disk(folder, name, values):
    np.save(folder / name, values)
    return np.load(folder / f"{name}.npy", mmap_mode="r")


@pytest.mark.parametrize("dtype", ["float64", "float32", "int16", "bool", ">f8"])
def test_the_fit_is_that_of_the_same_numbers_in_memory(tmp_path, dtype):
    x = rng.normal(size=(N, 2)) * 3
    x = (x > 0 if dtype == "bool" else x.round() if dtype == "int16" else x).astype(dtype)
    y = x @ [1.0, 2.0] + rng.normal(size=N)
    found = mlefit.fit(mlefit.LinearRegression(), on_disk(tmp_path, "x", x), on_disk(tmp_path, "y", y))
    whole = mlefit.fit(mlefit.LinearRegression(), x.astype(float), y)
    away = (found.estimates["slope"] - whole.estimates["slope"]) / whole.standard_errors["slope"]
    assert np.abs(away).max() < 1e-10 and found.nobs == N
    assert found.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-13)


def test_mapped_beside_arrays_and_weights(tmp_path):
    x, w = rng.standard_t(4, size=N), rng.integers(0, 3, N)
    found = mlefit.fit(HeavyTails(), on_disk(tmp_path, "x", x), weights=w, covariance="robust")
    whole = mlefit.fit(HeavyTails(), x, weights=w, covariance="robust")
    assert found.estimates == pytest.approx(whole.estimates, rel=1e-10)
    np.testing.assert_allclose(found.covariance, whole.covariance, rtol=1e-6)


def test_a_bad_entry_is_named_with_its_index(tmp_path):
    x = rng.normal(size=3_000_000)
    x[2_500_123] = np.inf
    with pytest.raises(ValueError, match="x must be finite, got inf at index 2500123"):
        mlefit.fit(mlefit.Gaussian(), on_disk(tmp_path, "x", x))
    with pytest.raises(ValueError, match="x has 100000 rows and y has 99999: they must have as many"):
        y = rng.normal(size=N - 1)
        mlefit.fit(mlefit.LinearRegression(), on_disk(tmp_path, "u", rng.normal(size=N)), y)
    with pytest.raises(ValueError, match=r"x must have shape \(n,\) or \(n, k\), got shape"):
        mlefit.fit(mlefit.Gaussian(), on_disk(tmp_path, "v", np.zeros((2, 2, 2))))


def test_a_mapped_file_larger_than_the_memory_that_the_process_may_use(tmp_path):
    """The limit counts what a process writes to, not the pages of a file that it reads."""
    rows, columns = 12_000_000, 6  # 288 MB, and 576 as float64
    x = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", "float32", (rows, columns))
    y = np.lib.format.open_memmap(tmp_path / "y.npy", "w+", "int8", (rows,))
    for low in range(0, rows, 1_000_000):
        part = rng.normal(size=(1_000_000, columns))
        x[low : low + 1_000_000] = part
        y[low : low + 1_000_000] = rng.random(1_000_000) < 1 / (1 + np.exp(-part @ [1, -1, 0.5, 0, 0, 2]))
    x.flush(), y.flush()
    script = textwrap.dedent("""
        import resource, sys
        import numpy as np
        import mlefit
        x, y = (np.load(f"{sys.argv[1]}/{name}.npy", mmap_mode="r") for name in "xy")
        mlefit.fit(mlefit.LogisticRegression(), x[:200_000], y[:200_000])
        used = int(next(line.split()[1] for line in open("/proc/self/status") if "VmData" in line)) * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (used + 150_000_000, -1))
        try:
            np.ones(400_000_000 // 8).sum()
        except MemoryError:
            print("limited")
        result = mlefit.fit(mlefit.LogisticRegression(), x, y)
        print(*result.estimates["slope"], result.nobs)
    """)
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    limited, numbers = ran.stdout.splitlines()
    *slopes, nobs = map(float, numbers.split())
    assert limited == "limited" and nobs == rows
    np.testing.assert_allclose(slopes, [1, -1, 0.5, 0, 0, 2], atol=0.01)  # twelve standard errors or more

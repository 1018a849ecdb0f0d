"""What is kept of a run beside its rows, and how it is written."""

import json
import os
import platform
from importlib import metadata
from pathlib import Path


def machine(packages):
    """What the times depend on: processor, cores, what else runs, and versions."""
    info = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [entry.split(":")[1].strip() for entry in info if entry.startswith("model name")]
    return {
        "machine": {"processor": names[0] if names else platform.machine(), "cores": os.cpu_count()},
        "load": [os.getloadavg()[0]] * 2,
        "versions": {"python": platform.python_version(), **{p: metadata.version(p) for p in packages}},
    }


def as_text(head, rows):
    """JSON with one row a line and four digits: a new run then differs where its numbers do."""

    def rounded(value):
        if isinstance(value, dict):
            return {key: rounded(part) for key, part in value.items()}
        if isinstance(value, list):
            return [rounded(part) for part in value]
        return float(f"{value:.4g}") if isinstance(value, float) else value

    entries = [f"  {json.dumps(key)}: {json.dumps(rounded(value))}" for key, value in head.items()]
    table = ",\n".join(f"    {json.dumps(rounded(row), ensure_ascii=False)}" for row in rows)
    return "{\n" + ",\n".join(entries) + f',\n  "rows": [\n{table}\n  ]\n}}\n'

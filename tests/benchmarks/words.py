"""How numbers read on the page of the benchmarks."""

EXACT = 0.01  # how far errors may be from exact ones of their kind to count as given


def duration(seconds):
    if seconds is None:
        return "—"
    if seconds >= 1:
        return f"{digits(seconds)}&nbsp;s"
    return f"{digits(1e3 * seconds)}&nbsp;ms" if seconds >= 1e-4 else f"{digits(1e6 * seconds)}&nbsp;µs"


def digits(value):
    """Two digits, or all of those before the point."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def share(value):
    """A share in per cent; of less than a tenth of one, its size only."""
    if value is None:
        return "—"
    return f"{digits(100 * value)}%" if value >= 1e-3 else "< 0.1%"


def power(value):
    """The power of ten that a small positive number stays below."""
    exponent = next(e for e in range(20, -1, -1) if value <= 10.0**-e)
    return f"10⁻{raised(exponent)}" if exponent else "1"


def short(n):
    return f"10{raised(len(str(n)) - 1)}"


def raised(number):
    return str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def listed(parts):
    parts = [str(part) for part in parts]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def between(values, worded=digits):
    """The smallest and the largest of some values, in words."""
    low, high = worded(min(values)), worded(max(values))
    return low if low == high else f"between {low} and {high}"

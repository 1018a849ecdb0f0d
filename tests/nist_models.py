"""The models of NIST's 27 reference problems for nonlinear regression, as NIST writes them.

`ops` is the module whose exp, cos, sin and arctan they call: `numpy` for arrays, `keras.ops` for tensors.

Source: https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml
"""

from math import pi


def chwirut(ops, x, b1, b2, b3):
    return ops.exp(-b1 * x) / (b2 + b3 * x)


def gauss(ops, x, b1, b2, b3, b4, b5, b6, b7, b8):
    return (
        b1 * ops.exp(-b2 * x)
        + b3 * ops.exp(-((x - b4) ** 2) / b5**2)
        + b6 * ops.exp(-((x - b7) ** 2) / b8**2)
    )


def lanczos(ops, x, b1, b2, b3, b4, b5, b6):
    return b1 * ops.exp(-b2 * x) + b3 * ops.exp(-b4 * x) + b5 * ops.exp(-b6 * x)


def cubic_over_cubic(ops, x, b1, b2, b3, b4, b5, b6, b7):
    return (b1 + b2 * x + b3 * x**2 + b4 * x**3) / (1 + b5 * x + b6 * x**2 + b7 * x**3)


def enso(ops, x, b1, b2, b3, b4, b5, b6, b7, b8, b9):
    year = b2 * ops.cos(2 * pi * x / 12) + b3 * ops.sin(2 * pi * x / 12)
    first = b5 * ops.cos(2 * pi * x / b4) + b6 * ops.sin(2 * pi * x / b4)
    return b1 + year + first + b8 * ops.cos(2 * pi * x / b7) + b9 * ops.sin(2 * pi * x / b7)


MODELS = {
    "Bennett5": lambda ops, x, b1, b2, b3: b1 * (b2 + x) ** (-1 / b3),
    "BoxBOD": lambda ops, x, b1, b2: b1 * (1 - ops.exp(-b2 * x)),
    "Chwirut1": chwirut,
    "Chwirut2": chwirut,
    "DanWood": lambda ops, x, b1, b2: b1 * x**b2,
    "ENSO": enso,
    "Eckerle4": lambda ops, x, b1, b2, b3: (b1 / b2) * ops.exp(-0.5 * ((x - b3) / b2) ** 2),
    "Gauss1": gauss,
    "Gauss2": gauss,
    "Gauss3": gauss,
    "Hahn1": cubic_over_cubic,
    "Kirby2": lambda ops, x, b1, b2, b3, b4, b5: (b1 + b2 * x + b3 * x**2) / (1 + b4 * x + b5 * x**2),
    "Lanczos1": lanczos,
    "Lanczos2": lanczos,
    "Lanczos3": lanczos,
    "MGH09": lambda ops, x, b1, b2, b3, b4: b1 * (x**2 + x * b2) / (x**2 + x * b3 + b4),
    "MGH10": lambda ops, x, b1, b2, b3: b1 * ops.exp(b2 / (x + b3)),
    "MGH17": lambda ops, x, b1, b2, b3, b4, b5: b1 + b2 * ops.exp(-x * b4) + b3 * ops.exp(-x * b5),
    "Misra1a": lambda ops, x, b1, b2: b1 * (1 - ops.exp(-b2 * x)),
    "Misra1b": lambda ops, x, b1, b2: b1 * (1 - (1 + b2 * x / 2) ** -2),
    "Misra1c": lambda ops, x, b1, b2: b1 * (1 - (1 + 2 * b2 * x) ** -0.5),
    "Misra1d": lambda ops, x, b1, b2: b1 * b2 * x * (1 + b2 * x) ** -1,
    "Nelson": lambda ops, x, b1, b2, b3: b1 - b2 * x[:, 0] * ops.exp(-b3 * x[:, 1]),  # y is log[y]
    "Rat42": lambda ops, x, b1, b2, b3: b1 / (1 + ops.exp(b2 - b3 * x)),
    "Rat43": lambda ops, x, b1, b2, b3, b4: b1 / (1 + ops.exp(b2 - b3 * x)) ** (1 / b4),
    "Roszman1": lambda ops, x, b1, b2, b3, b4: b1 - b2 * x - ops.arctan(b3 / (x - b4)) / pi,
    "Thurber": cubic_over_cubic,
}

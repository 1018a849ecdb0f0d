"""The summary table of a fit, as text and as HTML."""

import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlefit.inference.result import FitResult

_ERRORS = {"robust": "robust", "hc3": "robust, HC3", "cluster": "robust, by cluster"}
_TITLES = ("estimate", "std. error", "95% low", "95% high")


def text(result: "FitResult") -> str:
    """Return the table of a `FitResult` as lines of text."""
    width = max(12, *map(len, result.names))
    lines = [f"{label:16}{said}" for label, said in _head(result).items()]
    lines += ["", f"{'':{width}}" + "".join(f"{title:>14}" for title in _TITLES)]
    for name, *numbers in result._rows():
        lines.append(f"{name:{width}}" + "".join(f"{number:>14.6g}" for number in numbers))
    return "\n".join(lines)


def html_text(result: "FitResult") -> str:
    """Return the table of a `FitResult` as HTML, as notebooks show it."""
    head = "".join(f"<tr><th>{k}</th><td>{html.escape(v)}</td></tr>" for k, v in _head(result).items())
    titles = "".join(f"<th>{title}</th>" for title in ("", *_TITLES))
    body = "".join(
        f"<tr><th>{html.escape(name)}</th>"
        + "".join(f"<td>{number:.6g}</td>" for number in numbers)
        + "</tr>"
        for name, *numbers in result._rows()
    )
    return f"<table>{head}</table><table><tr>{titles}</tr>{body}</table>"


def _head(result):
    steps = f", {len(result.history) - 1} steps" if result.method.endswith("Newton") else ""
    held = ", ".join(f"{name} = {value:.6g}" for name, value in result.fixed.items())
    return {
        "model": result.model,
        "method": result.method + steps,
        "observations": f"{result.nobs}",
        **({"held fixed": held} if held else {}),
        "log-likelihood": f"{result.log_likelihood:.6f}",
        **_criteria(result),
        "errors": _ERRORS.get(result.covariance_type, f"{result.covariance_type} information"),
        "intervals": "exact: Student's t, chi-square" if result._exact else "Wald",
        "converged": f"{result.converged}: {result.message}",
    }


def _criteria(result):
    if result.log_prior is None:
        return {"AIC": f"{result.aic:.4f}", "BIC": f"{result.bic:.4f}"}
    said = "nan: for MAP estimates it is not defined"
    return {"log-prior": f"{result.log_prior:.6f}", "AIC": said, "BIC": said}

"""Every public name says in its signature what goes in and what comes out, and an editor may read it."""

import inspect
from importlib import resources

import pytest

import mlefit

MODULES = (mlefit.data, mlefit.densities, mlefit.losses, mlefit.plot)


def public_functions():
    """Yield name and function of what a reader may call: functions, and the methods of our classes."""
    named = {f"mlefit.{name}": getattr(mlefit, name) for name in mlefit.__all__}
    for module in MODULES:
        own = {name: found for name, found in vars(module).items() if not name.startswith("_")}
        named |= {
            f"{module.__name__}.{name}": found
            for name, found in own.items()
            if inspect.isfunction(found) and found.__module__.startswith(module.__name__)
        }
    for name, found in named.items():
        if inspect.isfunction(found):
            yield name, found
        elif inspect.isclass(found):
            for kind in found.__mro__:
                for method, attribute in vars(kind).items() if kind.__module__.startswith("mlefit") else ():
                    function = getattr(attribute, "fget", None) or getattr(attribute, "__func__", attribute)
                    if inspect.isfunction(function) and (not method.startswith("_") or method == "__call__"):
                        yield f"{name}.{method}", function


FUNCTIONS = dict(public_functions())


def test_functions_methods_properties_and_every_module_are_among_those_checked():
    wanted = {
        "mlefit.fit",
        "mlefit.train",
        "mlefit.FitResult.aic",
        "mlefit.FitResult.interval",
        "mlefit.Gaussian.nll",
        "mlefit.LinearRegression.__call__",
        "mlefit.LogisticRegression.height",
        "mlefit.Parameter.assign",
        "mlefit.data.load",
        "mlefit.data.line",
        "mlefit.densities.student_t",
        "mlefit.losses.huber",
        "mlefit.plot.histogram",
    }
    assert wanted <= set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_argument_and_what_is_returned_has_a_type(name):
    signature = inspect.signature(FUNCTIONS[name])
    arguments = [a for a in signature.parameters.values() if a.name not in ("self", "cls")]
    assert [a.name for a in arguments if a.annotation is a.empty] == []
    assert signature.return_annotation is not signature.empty


def test_the_package_tells_type_checkers_that_it_has_types():
    assert resources.files("mlefit").joinpath("py.typed").is_file()

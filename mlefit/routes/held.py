"""Parameters held fixed: put where they are held, and told apart from those that are fitted."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from mlefit import checks
from mlefit.models import flat
from mlefit.models.model import Model


def hold(model: Model, fixed: Mapping[str, ArrayLike]) -> np.ndarray:
    """Put the parameters of a model where they are to be held, and return which scalars are free, `(p,)`.

    Args:
        model: a built `Model`.
        fixed: values on the natural scale by the name of a parameter, or of an entry: `"slope[age]"`. A
            single number holds all entries of a vector.

    Raises:
        TypeError, ValueError: for a name that the model lacks, or that stands twice, a value outside the
            support or of another shape, and if nothing is left to fit.

    Examples:
        >>> from mlefit import Gaussian
        >>> model = Gaussian(mean=1.0)
        >>> hold(model, {"stddev": 2.0}).tolist(), model.values
        ([True, False], {'mean': 1.0, 'stddev': 2.0})
    """
    names, held = flat.names(model), {}
    values = {name: np.array(parameter.numpy()) for name, parameter in model.parameters.items()}
    for key, value in fixed.items():
        for name, parameter in model.parameters.items():
            entries = parameter.names()
            if key != name and key not in entries:
                continue
            number = checks.real_array(f"fixed[{key!r}]", value)
            wanted = values[name].shape if key == name else ()
            if number.shape not in (wanted, ()):
                raise ValueError(f"fixed[{key!r}] must have shape {wanted}, got shape {number.shape}")
            chosen = slice(None) if key == name else entries.index(key)
            values[name].reshape(-1)[chosen] = number.ravel() if number.ndim else number
            these = entries if key == name else [key]
            if twice := held.keys() & set(these):
                raise ValueError(f"fixed holds {sorted(twice)[0]} twice")
            held |= dict.fromkeys(these, key)
            break
        else:
            raise ValueError(f"fixed has {key!r}, which is no parameter: the model has {', '.join(names)}")
    free = np.array([name not in held for name in names])
    if not free.any():
        raise ValueError("fixed holds all parameters: nothing is left to fit")
    for name, parameter in model.parameters.items():
        if held.keys() & set(parameter.names()):
            parameter.assign(values[name])
    return free

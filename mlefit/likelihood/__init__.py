"""Model and rows become sums: where observations lie, their blocks, the traced program, closed forms.

`rows` knows nothing of ours; the objectives know `models`. Each is a function of a flat vector: the mean
negative log-likelihood with its derivatives, as a solver wants it.
"""

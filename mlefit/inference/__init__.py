"""What a result says: the result, intervals, profiles, prediction, verdicts and the words for them.

It is handed functions, and knows neither routes nor how a model was fitted. This room imports `models`,
`likelihood.curve`, `likelihood.rows`, `solvers`, `columns` and `checks`.
"""

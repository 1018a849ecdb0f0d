"""What `train` is made of: batches, how a step runs, replicas of it, the loop, its history and its file.

It knows no model: a loss and variables are handed in, and the data with their order. It may import the checks
of arguments alone.
"""

"""Solvers know no model: they are handed a function, or rows of numbers, and find where it is smallest.

Newton's method, the same led by a sample, least squares, QR, roots. This room imports nothing of ours.
"""

"""Compiled solvers, printed from a model's symbols."""

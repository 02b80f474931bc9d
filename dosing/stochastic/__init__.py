"""Small populations and imperfect monitoring (Fischer 2015).

``birth_death``: dynamic programming for two cell types. ``simulation``: therapies compared by forward runs.
``partial``: only the size, or a noisy marker, is seen. ``wright_fisher``: a polymorphism kept alive.
What visits are worth for one fitted patient is in :mod:`dosing.monitoring`.
"""

"""What follows from the symbols of a model: the names of the analysis in one place."""

from dynamics.derivatives import initial_jacobian, jacobian, kolmogorov, output_jacobian, parameter_jacobian
from dynamics.equilibria import Equilibrium, equilibria
from dynamics.latex import latex_equations, latex_initial, latex_outputs, latex_symbol
from dynamics.stability import stability_word
from dynamics.symbolic_equilibria import SymbolicEquilibrium, symbolic_equilibria

__all__ = [
    "Equilibrium",
    "SymbolicEquilibrium",
    "equilibria",
    "initial_jacobian",
    "jacobian",
    "kolmogorov",
    "latex_equations",
    "latex_initial",
    "latex_outputs",
    "latex_symbol",
    "output_jacobian",
    "parameter_jacobian",
    "stability_word",
    "symbolic_equilibria",
]

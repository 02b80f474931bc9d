"""What follows from the symbols of a model: the names of the analysis in one place."""

from dynamics.basins import Basins, attractor_of, basins
from dynamics.bifurcation import BifurcationDiagram, bifurcation_diagram
from dynamics.bifurcation_points import BifurcationPoint
from dynamics.derivatives import initial_jacobian, jacobian, kolmogorov, output_jacobian, parameter_jacobian
from dynamics.equilibria import Equilibrium, equilibria
from dynamics.equilibrium_branch import EquilibriumBranch
from dynamics.latex import latex_equations, latex_initial, latex_outputs, latex_symbol
from dynamics.nullclines import Nullcline, nullclines
from dynamics.phase_plane import PhasePlane, phase_plane
from dynamics.separatrix import BranchEnd, SaddleManifolds, only_separatrix, saddle_manifolds
from dynamics.stability import stability_word
from dynamics.starts import courses_from
from dynamics.symbolic_equilibria import SymbolicEquilibrium, symbolic_equilibria

__all__ = [
    "Basins",
    "BifurcationDiagram",
    "BifurcationPoint",
    "BranchEnd",
    "Equilibrium",
    "EquilibriumBranch",
    "Nullcline",
    "PhasePlane",
    "SaddleManifolds",
    "SymbolicEquilibrium",
    "attractor_of",
    "basins",
    "bifurcation_diagram",
    "courses_from",
    "equilibria",
    "initial_jacobian",
    "jacobian",
    "kolmogorov",
    "latex_equations",
    "latex_initial",
    "latex_outputs",
    "latex_symbol",
    "nullclines",
    "only_separatrix",
    "output_jacobian",
    "parameter_jacobian",
    "phase_plane",
    "saddle_manifolds",
    "stability_word",
    "symbolic_equilibria",
]

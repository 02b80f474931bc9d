"""Models whose structural identifiability is known, with where it is known from.

Initial states are unknown and inputs generic unless a case says otherwise. ``unique`` parameters are globally,
``several`` locally but not globally, ``free`` not identifiable; for ``at_least_local`` no source says which of
the first two.
"""

from dataclasses import dataclass, field

from identifiability.structural.from_model import system_from_strings
from identifiability.structural.system import StructuralSystem

SI_TESTS = "StructuralIdentifiability.jl, test cases"
BELLMAN = "Bellman and Astrom (1970), Math. Biosci. 7, 329"
LJUNG = "Ljung and Glad (1994), Automatica 30, 265, example 4"


@dataclass(frozen=True)
class Published:
    """A model and its published answer; ``slow_global`` marks eliminations that take long."""

    name: str
    source: str
    states: dict[str, str]
    outputs: tuple[str, ...]
    inputs: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    initial: dict[str, str] = field(default_factory=dict)
    unique: tuple[str, ...] = ()
    several: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    at_least_local: tuple[str, ...] = ()
    combinations: tuple[str, ...] = ()
    rank_defect: int | None = None
    slow_global: bool = False

    def system(self) -> StructuralSystem:
        """Return the model as structural analysis sees it."""
        return system_from_strings(
            self.name, self.states, self.outputs, self.inputs, self.known, self.initial
        )

    def __str__(self) -> str:
        return self.name


CASES = (
    # ---- compartments ----------------------------------------------------------------------------------------
    Published(
        "two compartments with a leak",
        SI_TESTS,
        {"x0": "-(a01 + a21)*x0 + a12*x1", "x1": "a21*x0 - a12*x1"},
        ("x0",),
        free=("a01", "a21", "a12"),
        combinations=("a01*a12", "a01 + a12 + a21"),
        rank_defect=1,
    ),
    Published(
        "two compartments with two leaks",
        BELLMAN,
        {"x1": "-(k1 + k2)*x1 + k3*x2 + u", "x2": "k2*x1 - (k3 + k4)*x2"},
        ("x1",),
        inputs=("u",),
        free=("k1", "k2", "k3", "k4"),
        combinations=("k1 + k2", "k3 + k4", "k2*k3"),
        rank_defect=1,
    ),
    Published(
        "one-way compartments, nothing given",
        SI_TESTS,
        {"x1": "-a1*x1 + a21*x2", "x2": "-a2*x2 - a21*x2"},
        ("x1",),
        several=("a1",),
        free=("a2", "a21"),
        rank_defect=1,
    ),
    Published(
        "one-way compartments, input upstream",
        SI_TESTS,
        {"x1": "-a1*x1 + a21*x2", "x2": "-a2*x2 - a21*x2 + u"},
        ("x1",),
        inputs=("u",),
        unique=("a21",),
        several=("a1", "a2"),
        combinations=("a1 + a2", "a2*(a1 - a21)"),
        rank_defect=0,
    ),
    Published(
        "chain of three, input and output at one end",
        SI_TESTS,
        {
            "x1": "-a1*x1 + b1*x2 + u",
            "x2": "-(a2 + b1)*x2 + a1*x1 + b2*x3",
            "x3": "-b2*x3 + a2*x2",
        },
        ("x1",),
        inputs=("u",),
        unique=("a1", "a2", "b1", "b2"),
        rank_defect=0,
    ),
    Published(
        "chain of three, input at the other end",
        BELLMAN + ", example 3",
        {
            "x1": "-a1*x1 + b1*x2",
            "x2": "-(a2 + b1)*x2 + a1*x1 + b2*x3",
            "x3": "-b2*x3 + a2*x2 + u",
        },
        ("x1",),
        inputs=("u",),
        # Three published functions of four parameters, and a1 may be chosen freely under them.
        free=("a1", "a2", "b1", "b2"),
        combinations=("b1*b2", "a1 + a2 + b1 + b2", "a1*a2 + a1*b2"),
    ),
    Published(
        "three separate decays, one sum seen",
        SI_TESTS,
        {"x1": "l1*x1 + b1*u1", "x2": "l2*x2 + b2*u2", "x3": "l3*x3 + b3*u3"},
        ("x1 + x2 + x3",),
        inputs=("u1", "u2", "u3"),
        unique=("l1", "l2", "l3", "b1", "b2", "b3"),
        rank_defect=0,
    ),
    Published(
        "bilirubin, three peripheral compartments",
        SI_TESTS + " (Bilirubin2_io)",
        {
            "x1": "-(k21 + k31 + k41 + k01)*x1 + k12*x2 + k13*x3 + k14*x4 + u",
            "x2": "k21*x1 - k12*x2",
            "x3": "k31*x1 - k13*x3",
            "x4": "k41*x1 - k14*x4",
        },
        ("x1",),
        inputs=("u",),
        unique=("k01",),
        several=("k12", "k13", "k14", "k21", "k31", "k41"),
        combinations=("k12*k13*k14", "k12 + k13 + k14", "k21 + k31 + k41"),
        rank_defect=0,
        slow_global=True,
    ),
    Published(
        "gain",
        SI_TESTS,
        {"x": "a*x + b*u"},
        ("c*x",),
        inputs=("u",),
        unique=("a",),
        free=("b", "c"),
        combinations=("b*c",),
        rank_defect=1,
    ),
    # ---- pharmacokinetics ------------------------------------------------------------------------------------
    Published(
        "bolus into the first of two compartments",
        "transfer function (s + k21)/(V*(s**2 + (k10 + k12 + k21)*s + k10*k21)); Godfrey (1983)",
        {"x1": "-(k10 + k12)*x1 + k21*x2", "x2": "k12*x1 - k21*x2"},
        ("x1/V",),
        known=("D",),
        initial={"x1": "D", "x2": "0"},
        unique=("k10", "k12", "k21", "V"),
        rank_defect=0,
    ),
    Published(
        "oral dose with flip-flop",
        "absorption and elimination change places with V: Godfrey (1983)",
        {"A": "-ka*A", "C": "ka*A/V - ke*C"},
        ("C",),
        known=("D",),
        initial={"A": "D", "C": "0"},
        several=("ka", "ke", "V"),
        combinations=("ka + ke", "ka*ke", "ka/V"),
        rank_defect=0,
    ),
    Published(
        "oral dose of unknown availability",
        "F and V come as F/V only: Godfrey (1983)",
        {"A": "-ka*A", "C": "ka*A/V - ke*C"},
        ("C",),
        known=("D",),
        initial={"A": "F*D", "C": "0"},
        several=("ka", "ke"),
        free=("V", "F"),
        combinations=("ka*F/V",),
        rank_defect=1,
    ),
    Published(
        "saturable elimination of a known bolus",
        "V = D/y(0); the equation of y then has Vm/V and Km/V",
        {"x": "-Vm*x/(Km + x)"},
        ("x/V",),
        known=("D",),
        initial={"x": "D"},
        unique=("Vm", "Km", "V"),
        rank_defect=0,
    ),
    Published(
        "Michaelis-Menten with growth",
        LJUNG,
        {"x": "-V_m*x/(k_m + x) + k01*x"},
        ("c*x",),
        unique=("k01",),
        free=("V_m", "k_m", "c"),
        combinations=("c*k_m", "V_m*c"),
        rank_defect=1,
    ),
    Published(
        "saturated degradation",
        "GenSSI examples",
        {"x": "k_syn - k_deg_max*x/(K_deg + x)"},
        ("x",),
        unique=("k_syn", "k_deg_max", "K_deg"),
        rank_defect=0,
    ),
    # ---- populations -----------------------------------------------------------------------------------------
    Published(
        "Lotka-Volterra, prey seen",
        SI_TESTS,
        {"x1": "a*x1 - b*x1*x2", "x2": "-c*x2 + d*x1*x2"},
        ("x1",),
        unique=("a", "c", "d"),
        free=("b",),
        rank_defect=1,
    ),
    Published(
        "Lotka-Volterra, prey seen and fed",
        SI_TESTS,
        {"x0": "a*x0 - b*x0*x1 + u", "x1": "c*x1 + d*x0*x1"},
        ("x0",),
        inputs=("u",),
        unique=("a", "c", "d"),
        free=("b",),
        rank_defect=1,
    ),
    Published(
        "Lotka-Volterra, predators counted at first",
        SI_TESTS + ", known initial states",
        {"x1": "a*x1 - b*x1*x2", "x2": "-c*x2 + d*x1*x2"},
        ("x1",),
        known=("X2",),
        initial={"x2": "X2"},
        unique=("a", "b", "c", "d"),
        rank_defect=0,
    ),
    Published(
        "Lotka-Volterra with hidden sums",
        SI_TESTS,
        {"x1": "(a + b)*x1 - c*x1*x2", "x2": "-a*b*x2 + d*x1*x2"},
        ("x1",),
        unique=("d",),
        several=("a", "b"),
        free=("c",),
        combinations=("a + b", "a*b"),
        rank_defect=1,
    ),
    Published(
        "generalised Lotka-Volterra, one species seen",
        SI_TESTS,
        {"x1": "r1*x1 + b11*x1**2 + b12*x1*x2", "x2": "r2*x2 + b21*x1*x2 + b22*x2**2"},
        ("x1",),
        unique=("r1", "r2", "b11", "b21"),
        free=("b12", "b22"),
        combinations=("b12/b22",),
        rank_defect=1,
    ),
    Published(
        "quadratic, two states",
        "Math. Comput. Simul. (1996), doi 10.1016/0378-4754(95)00123-9, example 3; " + SI_TESTS,
        {"x1": "p1*x1**2 + p2*x1*x2", "x2": "p3*x1**2 + p4*x1*x2"},
        ("x1",),
        free=("p1", "p2", "p3", "p4"),
        combinations=("p1 + p4", "p2*p3 - p1*p4"),
    ),
    Published(
        "sensitive and resistant cells in competition",
        "Masud, Kim, Kim (2023), eqs 5-7, with COMBOS",
        {"S": "r*(1 - (S + R)/K)*S - u*delta*S", "R": "r*(1 - (c*S + R)/K)*R"},
        ("S + R",),
        inputs=("u",),
        unique=("r", "K", "delta", "c"),
        rank_defect=0,
    ),
    Published(
        "two populations without turnover, marker uncalibrated",
        "scaling of S, R, K and 1/rho together leaves the output as it is",
        {"S": "rS*S*(1 - (S + R)/K)*(1 - dD*u)", "R": "rR*R*(1 - (S + R)/K)"},
        ("rho*(S + R)",),
        inputs=("u",),
        at_least_local=("rS", "rR", "dD"),
        free=("K", "rho"),
        combinations=("rho*K",),
        rank_defect=1,
    ),
    # ---- infections ------------------------------------------------------------------------------------------
    Published(
        "SIR, infected seen",
        "with w = y'/y: w' = -b*y*(w + g)",
        {"S": "-b*S*I", "I": "b*S*I - g*I"},
        ("I",),
        unique=("b", "g"),
        rank_defect=0,
    ),
    Published(
        "SIR, an unknown share of the infected seen",
        "with w = y'/y: w' = -(b/k)*y*(w + g)",
        {"S": "-b*S*I", "I": "b*S*I - g*I"},
        ("k*I",),
        unique=("g",),
        free=("b", "k"),
        combinations=("b/k",),
        rank_defect=1,
    ),
    Published(
        "SEIR prevalence, population known",
        SI_TESTS,
        {"E": "b*S*In/N - nu*E", "S": "-b*S*In/N", "In": "nu*E - a*In", "N": "0"},
        ("In", "N"),
        unique=("b",),
        several=("a", "nu"),
        combinations=("a + nu", "a*nu"),
        rank_defect=0,
    ),
    Published(
        "SEIR with quarantine",
        SI_TESTS + " (SEIR_1_io)",
        {
            "S": "-beta*S*In",
            "E": "beta*S*In - v*E",
            "In": "v*E - psi*In - (1 - psi)*gamma*In",
            "Q": "-gamma*Q + psi*In",
        },
        ("Q",),
        unique=("gamma",),
        several=("psi", "v", "beta"),
        combinations=("beta/psi", "gamma*psi - v - psi", "gamma*psi - v*psi"),
        rank_defect=0,
    ),
    Published(
        "SIRS with seasons",
        "Capistran et al. (2009); " + SI_TESTS,
        {
            "s": "mu - mu*s - b0*(1 + b1*x1)*i*s + g*r",
            "i": "b0*(1 + b1*x1)*i*s - (nu + mu)*i",
            "r": "nu*i - (mu + g)*r",
            "x1": "-M*x2",
            "x2": "M*x1",
        },
        ("i", "r"),
        unique=("g", "mu", "b0", "nu"),
        several=("M",),
        free=("b1",),
        rank_defect=1,
        slow_global=True,
    ),
    Published(
        "SIWR cholera",
        "Lee et al. (2017), J. Theor. Biol. 420, 68; " + SI_TESTS,
        {
            "S": "mu - bi*S*I - bw*S*W - mu*S + a*R",
            "I": "bw*S*W + bi*S*I - (gam + mu)*I",
            "W": "xi*(I - W)",
            "R": "gam*I - (mu + a)*R",
        },
        ("k*I",),
        unique=("mu", "bi", "bw", "a", "xi", "gam", "k"),
        rank_defect=0,
        slow_global=True,
    ),
    Published(
        "HIV, cells and virus seen",
        "Xia and Moog (2003), IEEE Trans. Autom. Control 48, 330",
        {"T": "s - d*T - b*T*v", "P": "b*T*v - m2*P", "v": "k*P - m1*v"},
        ("T", "v"),
        unique=("s", "d", "b", "k"),
        several=("m1", "m2"),
        combinations=("m1 + m2", "m1*m2"),
        rank_defect=0,
    ),
    Published(
        "HIV with immune response",
        "Wodarz and Nowak (1999), PNAS 96, 14464; free: the units of x (with y) and of v",
        {
            "x": "lm - d*x - beta*x*v",
            "y": "beta*x*v - a*y",
            "v": "k*y - w1*v",
            "w": "c*x*y*w - c*q*y*w - b*w",
            "z": "c*q*y*w - h*z",
        },
        ("w", "z"),
        at_least_local=("d", "a", "w1", "b", "h"),
        free=("lm", "beta", "k", "c", "q"),
        rank_defect=2,
        slow_global=True,
    ),
    # ---- regulation and small traps --------------------------------------------------------------------------
    Published(
        "Goodwin oscillator",
        "Goodwin (1965); " + SI_TESTS,
        {
            "x1": "-b*x1 + 1/(c + x4)",
            "x2": "alpha*x1 - beta*x2",
            "x3": "gama*x2 - delta*x3",
            "x4": "sigma*x4*(gama*x2 - delta*x3)/x3",
        },
        ("x1",),
        unique=("b", "c", "sigma"),
        several=("beta", "delta"),
        free=("alpha", "gama"),
        combinations=("beta + delta", "beta*delta"),
        slow_global=True,
    ),
    Published(
        "two constant rates that cancel",
        SI_TESTS,
        {"x1": "a", "x2": "-a"},
        ("x1 + x2",),
        free=("a",),
    ),
    Published(
        "shift that the sum hides",
        SI_TESTS,
        {"x1": "x2 - a", "x2": "x1 + a"},
        ("x1 + x2",),
        free=("a",),
    ),
    Published(
        "rate under an unseen scale",
        SI_TESTS + ", several experiments",
        {"x": "a*z", "z": "a*z**2"},
        ("x",),
        free=("a",),
        rank_defect=1,
    ),
    Published(
        "sum of two slopes",
        SI_TESTS + ", known initial states",
        {"x1": "a + x2 + x3", "x2": "b", "x3": "c"},
        ("x1",),
        known=("X2", "X3"),
        initial={"x2": "X2", "x3": "X3"},
        unique=("a",),
        free=("b", "c"),
        combinations=("b + c",),
        rank_defect=1,
    ),
    Published(
        "square of an input's integral",
        "Ljung and Glad (1994), Automatica 30, 265, example 2",
        {"x1": "theta*x2**2", "x2": "u"},
        ("x1",),
        inputs=("u",),
        unique=("theta",),
        rank_defect=0,
    ),
)

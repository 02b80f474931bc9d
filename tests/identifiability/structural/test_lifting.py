import dataclasses

import numpy as np
import pytest
import sympy as sp

from dynamics.model import Constant, Model, Parameter
from identifiability.structural.dose_levels import with_levels_put_in
from identifiability.structural.experiment import ConstantDose, Experiments, GenericInput, Phases
from identifiability.structural.from_model import system_from_strings, system_of
from identifiability.structural.lifting import InputFunctionError, LiftingError, lift
from identifiability.structural.local import local_analysis
from identifiability.structural.unknowns import unknowns_of

# Right-hand side of one seen state, the output, what is not identifiable, and why.
ONE_STATE = [
    ("r*N*log(K/N)", "N", "", "Gompertz: y'/y is linear in log y"),
    ("r*N*log(K/N)", "c*N", "K c N(0)", "Gompertz, uncalibrated: only c*K"),
    ("r*N*(1 - (N/K)**g)", "N", "", "generalised logistic"),
    ("r*N*(1 - (N/K)**g)", "c*N", "K c N(0)", "generalised logistic, uncalibrated: only c*K"),
    ("a*N**g", "N", "", "power law growth"),
    ("a*N**g", "c*N", "a c N(0)", "power law, uncalibrated: only a*c**(1 - g)"),
    ("a*N**(2/3) - b*N", "N", "", "von Bertalanffy"),
    ("a*N**(2/3) - b*N", "c*N", "a c N(0)", "von Bertalanffy, uncalibrated"),
    ("a*N**g - b*N**(1 - g)", "N", "", "two powers, one exponent"),
    ("a*sqrt(N) - b*N*sqrt(N + k)", "N", "", "two roots"),
    ("r*N*exp(-k*t)", "N", "", "growth that dies away with time"),
    ("r*N*exp(-k*t - h)", "N", "r h", "r*exp(-h) is one number"),
    ("r*N*exp(-b*N)", "N", "", "Ricker"),
    ("r*N*exp(-b*N)", "c*N", "b c N(0)", "Ricker, uncalibrated: only b/c"),
    ("r*N*(1 + a*sin(w*t + p))", "N", "", "seasons"),
    ("r*N*(1 + a*cos(w*t)) + b*sin(2*w*t)", "N", "", "two harmonics"),
    ("r*tanh(N/k)", "N", "", "saturating growth"),
    ("r*N", "log(c*N)", "c N(0)", "a logarithmic marker"),
    ("r**s*N", "N", "r s", "r**s is one number"),
    ("sqrt(2)*r*N", "N", "", "an irrational number"),
]


@pytest.mark.parametrize(("rhs", "output", "free", "why"), ONE_STATE, ids=[case[3] for case in ONE_STATE])
def test_lifted_model(rhs, output, free, why):
    system = system_from_strings("lifted", {"N": rhs}, [output])
    answer = local_analysis(system)
    assert {n for n, found in zip(answer.unknowns, answer.identifiable, strict=True) if not found} == set(
        free.split()
    )
    assert answer.rank_defect == (1 if free else 0)


@pytest.mark.parametrize("rhs", sorted({case[0] for case in ONE_STATE}))
def test_lifting_keeps_the_degrees_of_freedom(rhs):
    """No new unknown, every new state starts from a known expression, all is rational."""
    system = system_from_strings("lifted", {"N": rhs}, ["N"])
    lifted = lift(system)
    assert unknowns_of(lifted) == unknowns_of(system)
    assert set(lifted.states) - set(lifted.initial) == {sp.Symbol("N")}
    for e in (*lifted.rhs, *lifted.outputs, *lifted.initial.values()):
        assert e.is_rational_function(*e.free_symbols)
    assert set(lifted.definitions) == set(lifted.transcendental)


@pytest.mark.parametrize("rhs", sorted({case[0] for case in ONE_STATE}))
def test_lifted_model_has_the_same_solution(rhs):
    """Both are integrated; the table of differentials agrees with SymPy's derivatives of the definitions."""
    from scipy.integrate import solve_ivp

    system = system_from_strings("lifted", {"N": rhs}, ["N"])
    lifted = lift(system)
    drawn = np.random.default_rng(3)
    values = {q: float(drawn.uniform(0.4, 0.9)) for q in unknowns_of(system)}
    exact = dict(values)
    for symbol, definition in lifted.definitions.items():
        exact[symbol] = float(definition.subs(exact))
        for unknown in unknowns_of(system):
            slope = lifted.transcendental[symbol].get(unknown, sp.S.Zero)
            step = 1e-6
            moved = {**values, unknown: values[unknown] + step}
            for s, d in lifted.definitions.items():
                moved[s] = float(d.subs(moved))
            assert (moved[symbol] - exact[symbol]) / step == pytest.approx(float(slope.subs(exact)), abs=1e-4)

    def end(s):
        start = [float(s.initial.get(x, sp.Symbol(f"{x}(0)")).subs(exact)) for x in s.states]
        f = sp.lambdify([list(s.states)], [e.subs(exact) for e in s.rhs])
        return solve_ivp(lambda _, x: f(x), (0, 1), start, rtol=1e-10, atol=1e-12).y[0, -1]

    assert end(lifted) == pytest.approx(end(system), rel=1e-7)


def test_a_rational_system_comes_back_as_it_is():
    system = system_from_strings("logistic", {"N": "r*N*(1 - N/K)**2"}, ["N"])
    assert lift(system) is system


def test_gompertz_has_one_new_state():
    lifted = lift(system_from_strings("Gompertz", {"N": "r*N*log(K/N)"}, ["N"]))
    assert [s.name for s in lifted.states] == ["N", "log_N"]
    assert {s.name: dict(d) for s, d in lifted.transcendental.items()} == {
        "log_K": {sp.Symbol("K"): 1 / sp.Symbol("K")},
        "log_N0": {sp.Symbol("N(0)"): 1 / sp.Symbol("N(0)")},
    }


def test_roots_of_one_base_share_a_state():
    lifted = lift(system_from_strings("roots", {"N": "a*N**(1/2) - b*N**(1/3)"}, ["N"]))
    assert len(lifted.states) == 2
    assert local_analysis(lifted).rank_defect == 0


def test_root_and_its_square_stay_related():
    """sqrt(N)**2 - N vanishes, so b is not seen; with an independent root it would be."""
    system = system_from_strings("related", {"N": "a*N + b*((1 + sqrt(N))*(1 - sqrt(N)) - 1 + N)"}, ["N"])
    answer = local_analysis(system)
    assert (answer.of("a"), answer.of("b")) == (True, False)


def test_known_start_in_a_model():
    """The start (1 - f)*V0 is known: neither it nor its logarithm is asked for."""
    model = Model.define(
        "gompertz",
        states={"N": "r*N*log(K/N) - u*d*N"},
        initial={"N": "(1 - f)*V0"},
        outputs={"y": "N"},
        parameters=[Parameter(name, "1", 0.1, 1.0) for name in ("r", "K", "d")],
        constants=[Constant("V0", "1", from_data="first_burden"), Constant("f", "1", value=0.01)],
    )
    system = system_of(model)
    assert local_analysis(system).unknowns == ("r", "K", "d")
    assert local_analysis(system).rank_defect == 0
    on = local_analysis(system, ConstantDose(1))
    assert on.null_directions == (("K", "d"),)
    assert local_analysis(system, Phases([1, 0], [30, 20])).rank_defect == 0


@pytest.mark.parametrize("rhs", ["r*Abs(N - K)", "r*Max(N, K)", "r*Min(N, K)"])
def test_functions_without_a_differential_equation_are_refused(rhs):
    with pytest.raises(LiftingError, match="has no rational differential equation"):
        lift(system_from_strings("refused", {"N": rhs}, ["N"]))


def test_piecewise_is_refused():
    system = system_from_strings("refused", {"N": "r*N"}, ["N"])
    n = sp.Symbol("N")
    with pytest.raises(LiftingError, match="Piecewise in"):
        lift(dataclasses.replace(system, rhs=(sp.Piecewise((n, n > 1), (n**2, True)),)))


@pytest.mark.parametrize("rhs", ["r*log(N)", "r*N**g"])
def test_a_logarithm_of_a_known_zero_is_refused(rhs):
    with pytest.raises(LiftingError, match="make that initial state unknown"):
        lift(system_from_strings("zero", {"N": rhs}, ["N"], initial={"N": "0"}))


def test_power_of_a_negative_number_is_refused():
    with pytest.raises(LiftingError, match="negative"):
        lift(system_from_strings("negative", {"N": "r*(-2*N)**g"}, ["N"]))


class TestFunctionsOfTheDose:
    """A Hill term has three unknowns, so it takes three levels besides none."""

    HILL = system_from_strings("Hill", {"N": "r*N - k*N*u**h/(E**h + u**h)"}, ["N"], inputs=["u"])

    def test_generic_input_is_refused(self):
        with pytest.raises(InputFunctionError, match="function of the input u"):
            local_analysis(self.HILL)

    def test_mixed_with_a_generic_input(self):
        both = Experiments([GenericInput(), ConstantDose(1)])
        assert with_levels_put_in(self.HILL, both) is None
        with pytest.raises(InputFunctionError):
            local_analysis(self.HILL, both)

    @pytest.mark.parametrize(
        ("levels", "defect"), [([0, 1], 2), ([0, 1, 0.5], 1), ([0, 1, 0.5, 0.25], 0), ([1, 0.5, 0.25], 1)]
    )
    def test_levels(self, levels, defect):
        assert local_analysis(self.HILL, Phases(levels)).rank_defect == defect
        apart = local_analysis(self.HILL, Experiments([ConstantDose(level) for level in levels]))
        assert apart.rank_defect == defect

    def test_no_dose(self):
        answer = local_analysis(self.HILL, ConstantDose(0))
        assert answer.absent == ("k", "h", "E")
        assert (answer.rank_defect, answer.identifiable) == (0, (True, False, False, False, True))

    def test_power_of_the_dose(self):
        """k*u**h has two unknowns: two levels that are not one, or nothing at all, settle them."""
        system = system_from_strings("power", {"N": "-k*u**h*N"}, ["N"], inputs=["u"])
        assert local_analysis(system, Phases([0.5, 0.25])).rank_defect == 0
        assert local_analysis(system, Phases([0.5, 0])).rank_defect == 1

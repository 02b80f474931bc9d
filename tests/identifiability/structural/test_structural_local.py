import dataclasses

import pytest
import sympy as sp
from published import CASES, Published

from dynamics.catalogue import get_model
from identifiability.structural.experiment import ConstantDose, Experiments, GenericInput
from identifiability.structural.from_model import system_from_strings, system_of
from identifiability.structural.local import SingularPointError, local_analysis
from identifiability.structural.unknowns import initial_symbol, unknowns_of

BY_NAME = {case.name: case for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_published_answer(case: Published):
    answer = local_analysis(case.system())
    identifiable = {*case.unique, *case.several, *case.at_least_local}
    assert {*identifiable, *case.free} == {p.name for p in case.system().parameters}
    assert {name for name in (*identifiable, *case.free) if answer.of(name)} == identifiable
    if case.rank_defect is not None:
        assert answer.rank_defect == case.rank_defect


@pytest.mark.parametrize("case", [c for c in CASES if c.combinations], ids=str)
def test_published_combinations_add_nothing_to_the_output(case: Published):
    """A combination is locally identifiable exactly if seeing it leaves the rank as it is."""
    system = case.system()
    before = local_analysis(system)
    combinations = tuple(
        sp.sympify(c, locals={p.name: p for p in system.parameters}) for c in case.combinations
    )
    after = local_analysis(dataclasses.replace(system, outputs=(*system.outputs, *combinations)))
    assert (after.rank, after.identifiable) == (before.rank, before.identifiable)
    if case.free:
        one = dataclasses.replace(system, outputs=(*system.outputs, sp.Symbol(case.free[0])))
        assert local_analysis(one).rank == before.rank + 1


@pytest.mark.parametrize(
    "name",
    [
        "two compartments with a leak",
        "saturated degradation",
        "SIR, infected seen",
        "rate under an unseen scale",
    ],
)
def test_agrees_with_symbolic_lie_derivatives(name):
    system = BY_NAME[name].system()
    unknowns = unknowns_of(system)
    start = {state: initial_symbol(state) for state in system.states}
    lie = list(system.outputs)
    for _ in range(len(unknowns)):
        lie.append(
            sp.together(sum(sp.diff(lie[-1], x) * f for x, f in zip(system.states, system.rhs, strict=True)))
        )
    point = {q: sp.Rational(7 + 3 * i * i, 5 + 2 * i) for i, q in enumerate(unknowns)}
    jacobian = sp.Matrix([e.xreplace(start) for e in lie]).jacobian(unknowns).subs(point)
    answer = local_analysis(system)
    assert answer.rank == jacobian.rank()
    for i, found in enumerate(answer.identifiable):
        reduced = jacobian.copy()
        reduced.col_del(i)
        assert found == (reduced.rank() < jacobian.rank())


@pytest.mark.parametrize("case", CASES[::4], ids=str)
def test_another_point_gives_the_same_answer(case):
    first, second = (local_analysis(case.system(), seed=seed) for seed in (1, 2))
    assert (first.identifiable, first.rank, first.null_directions) == (
        second.identifiable,
        second.rank,
        second.null_directions,
    )


def test_null_directions_name_what_moves_together():
    answer = local_analysis(BY_NAME["gain"].system())
    assert answer.null_directions == (("b", "c", "x(0)"),)
    answer = local_analysis(BY_NAME["HIV with immune response"].system())
    assert {name for d in answer.null_directions for name in d} == {
        "lm", "beta", "k", "c", "q", "x(0)", "y(0)", "v(0)",
    }  # fmt: skip


def test_derivatives_that_begin_late_are_waited_for():
    """All states start from zero, so that the first eight derivatives of the output vanish."""
    states = {"x1": "k*(u - x1)"} | {f"x{i}": f"k{i}*x{i - 1}**1 - k*x{i}" for i in range(2, 10)}
    zero = dict.fromkeys(states, "0")
    system = system_from_strings("chain", states, ["x9"], inputs=["u"], initial=zero)
    answer = local_analysis(system, ConstantDose(1))
    assert answer.of("k")
    assert not any(answer.of(f"k{i}") for i in range(2, 10))
    assert answer.rank_defect == 7


def test_initial_zero_hides_a_population():
    """Without resistant cells at first nothing can be learnt of their competition."""
    text = {"S": "r*(1 - (S + R)/K)*S", "R": "r*(1 - (c*S + R)/K)*R"}
    hidden = system_from_strings("hidden", text, ["S + R"], initial={"R": "0"})
    assert not local_analysis(hidden).of("c")
    assert local_analysis(system_from_strings("seen", text, ["S + R"])).of("c")


def test_several_experiments_identify_what_one_does_not():
    """Ovchinnikov et al. (2021), arXiv 2011.10868, example 7.7: two replicas are needed."""
    system = system_from_strings("two replicas", {"x0": "0", "x1": "x0*x1 + mu1*x0 + mu2"}, ["x1"])
    one = local_analysis(system)
    assert not one.of("mu1")
    assert not one.of("mu2")
    two = local_analysis(system, Experiments([GenericInput(), GenericInput()]))
    assert two.unknowns == ("mu1", "mu2", "x0(0)", "x1(0)", "x0(0) in experiment 2", "x1(0) in experiment 2")
    assert all(two.identifiable)
    same_start = local_analysis(system, Experiments([GenericInput(), GenericInput()], "shared"))
    assert same_start.identifiable == one.identifiable


def test_known_constants_are_not_asked_for():
    text = {"x": "-k*x/V"}
    unknown = local_analysis(system_from_strings("unknown volume", text, ["x/V"]))
    assert (unknown.of("k"), unknown.of("V")) == (False, False)
    known = local_analysis(system_from_strings("known volume", text, ["x/V"], known=["V"]))
    assert known.unknowns == ("k", "x(0)")
    assert all(known.identifiable)


def test_nothing_unknown():
    system = system_from_strings("known", {"x": "k*x"}, ["x"], known=["k", "x0"], initial={"x": "x0"})
    answer = local_analysis(system)
    assert (answer.unknowns, answer.identifiable, answer.rank_defect) == ((), (), 0)


def test_a_given_value_may_be_special():
    system = system_from_strings("special", {"x": "-k*x + (g - 1)*b*x**2"}, ["x"], known=["g"])
    assert local_analysis(system).of("b")
    one = dataclasses.replace(system, values={sp.Symbol("g"): sp.Integer(1)})
    assert not local_analysis(one).of("b")


def test_catalogue_models_are_identifiable_under_a_generic_dose():
    for name in ("competition", "turnover"):
        answer = local_analysis(system_of(get_model(name), unknown_initial=["S", "R"]))
        assert answer.rank_defect == 0
        assert all(answer.identifiable)


def test_singular_start_is_refused():
    system = system_from_strings("singular", {"x": "a/x"}, ["x"], initial={"x": "0"})
    with pytest.raises(SingularPointError, match="denominator is zero at the known initial state"):
        local_analysis(system)


def test_unknown_that_is_not_there():
    with pytest.raises(KeyError, match="no unknown 'z'"):
        local_analysis(BY_NAME["gain"].system()).of("z")

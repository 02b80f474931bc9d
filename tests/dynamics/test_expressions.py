"""Text to SymPy: what passes, what is refused, and that nothing is ever evaluated."""

import pytest
import sympy as sp

from dynamics.expressions import ModelError, parse_expression

S, R, K = sp.symbols("S R K")
NAMES = ("S", "R", "K", "t")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("S + R", S + R),
        ("0.01*S", S / 100),
        ("1e-3*S", S / 1000),
        ("S^2", S**2),
        ("-S + +R", R - S),
        ("S*log(K/S)", S * sp.log(K / S)),
        ("2*S^-1", 2 / S),
        ("Min(S, R, K)", sp.Min(S, R, K)),
        ("  S\n   + R ", S + R),
        ("exp(-t)*S", S * sp.exp(-sp.Symbol("t"))),
    ],
)
def test_arithmetic_becomes_the_same_expression(text, expected):
    assert parse_expression(text, NAMES) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("S + Q", "unknown symbol 'Q'"),
        ("sinh(S)", "unknown function 'sinh'"),
        ("S +", "not an expression"),
        ("", "not an expression"),
        ("exp()", "exp with 0 arguments"),
        ("sqrt(S, R, K)", "sqrt with 3 arguments"),
        ("S/0", "not a real number"),
        ("log(0)", "not a real number"),
        ("sqrt(-1)", "not a real number"),
        ("1e999", "not allowed"),
        ("1j*S", "not allowed"),
        ("True", "not allowed"),
        ("'S'", "not allowed"),
        ("S if R else K", "not allowed"),
        ("S // R", "not allowed"),
        ("S.free_symbols", "not allowed"),
        ("__import__('os').system('true')", "not allowed"),
        ("(lambda: 1)()", "not allowed"),
        ("exp(x=S)", "unknown function|not allowed"),
        ("9**9**9", "above 64"),
        ("((9**64)**64)**64", "long number"),
        ("(" * 5000 + "S" + ")" * 5000, "nested too deeply|not an expression"),
        ("-" * 5000 + "S", "nested too deeply|not an expression"),
    ],
)
def test_everything_else_is_refused(text, says):
    with pytest.raises(ModelError, match=says):
        parse_expression(text, NAMES)


def test_the_message_says_where_and_what_is_declared():
    with pytest.raises(
        ModelError, match=r"equation of S: unknown symbol 'Q' in 'Q\*S'.*declared: K, R, S, t"
    ):
        parse_expression("Q*S", NAMES, where="equation of S")

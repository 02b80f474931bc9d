from identifiability.structural.result import Structural, StructuralAnswer
from identifiability.structural.sentences import joined, summary


def _answer(answers, combinations=()):
    names = ("r", "K", "c", "delta")[: len(answers)]
    return StructuralAnswer("m", "no dose throughout", names, tuple(answers), 0, combinations)


def test_all_alike():
    text = summary(_answer([Structural.GLOBAL] * 4))
    assert text == "Under no dose throughout, all parameters are globally identifiable."


def test_what_is_determined_instead():
    kinds = [Structural.NOT, Structural.GLOBAL, Structural.GLOBAL, Structural.NOT]
    assert summary(_answer(kinds, ("r - delta",))) == (
        "Under no dose throughout, K and c are globally identifiable; r and delta are not identifiable; "
        "of what is left, r - delta is determined."
    )


def test_what_was_not_settled_is_said():
    text = summary(_answer([Structural.AT_LEAST_LOCAL, Structural.LOCAL]))
    assert "r is locally identifiable (whether globally was not settled)" in text
    assert "K is identifiable up to several isolated values" in text


def test_lists():
    assert joined(["a"]) == "a"
    assert joined(["a", "b", "c"]) == "a, b and c"

"""What to measure next, where the data leave parameters open."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dynamics.model import Model

ANY_PARAMETER = "visits under a dose that was not given so far, and closer together where the burden turns"


def remedy(model: Model, names: Iterable[str]) -> str:
    """Say which measurements would inform these parameters.

    Parameters
    ----------
    model : Model
        Its parameters carry a remedy each; one without gets a general answer.
    names : iterable of str
        Parameters that are open; names that the model does not have get the general answer too.

    Returns
    -------
    str
        Noun phrases joined by semicolons, each once, in the model's order; empty where nothing is open.
    """
    open_ones = set(names)
    known = {p.name: p.remedy or ANY_PARAMETER for p in model.parameters}
    order = [name for name in known if name in open_ones] + sorted(open_ones - set(known))
    return "; ".join(dict.fromkeys(known.get(name, ANY_PARAMETER) for name in order))

"""Populations under the concentration of a drug, not under its dose: Scagliotti 2026, introduction."""

from __future__ import annotations

import dataclasses

from dynamics.catalogue.populations import MODEL as POPULATIONS
from dynamics.model import Input, Model, ModelError
from dynamics.pharmacokinetics import with_pharmacokinetics


def with_concentration(
    model: Model, elimination: float, intake: float | None = None, *, name: str = ""
) -> Model:
    """Let the concentration act where the dose stood: ``dC/dt = -kC C + kI u``, ``C(0) = 0``.

    With the intake equal to the elimination a constant dose u ends at the concentration u, so that the effect of a
    lasting dose is the same with and without concentration; this is the default. The state is called ``C_`` with the
    input's name, the constants ``k_el_`` (kC) and ``volume_`` (1/kI).

    Parameters
    ----------
    model : Model
        With one input; affine in it, it stays affine.
    elimination : float
        kC, per day.
    intake : float, optional
        kI, per day, of the concentration that the full dose builds up.
    name : str
        The model's name with ``"_concentration"`` where not given.

    Raises
    ------
    ModelError
        A model without a dose or with several, rates that are not positive.

    Examples
    --------
    >>> from dynamics import get_model
    >>> print(with_concentration(get_model("turnover"), 0.5).rhs[2])
    -C_u*k_el_u + k_el_u*u
    """
    if len(model.inputs) != 1:
        raise ModelError(
            f"model {model.name!r} has {len(model.inputs)} inputs; a concentration replaces one dose"
        )
    if intake is not None and not intake > 0:
        raise ModelError(f"model {model.name!r}: intake rate {intake:g}; it must be positive")
    dose: Input = model.inputs[0]
    moved = with_pharmacokinetics(
        model,
        dose.name,
        k_el=elimination,
        volume=None if intake is None else 1.0 / intake,
        dose=dose,
    )
    return dataclasses.replace(
        moved,
        name=name or f"{model.name}_concentration",
        title=f"{model.title}, under its concentration" if model.title else "",
    )


MODEL = dataclasses.replace(
    with_concentration(POPULATIONS, 0.2, name="concentration"),
    source="Scagliotti et al. (2026), introduction, with eq. 1.3",
    assumptions=(
        *POPULATIONS.assumptions,
        "the drug leaves at 0.2 per day, a half-life of 3.5 days, and comes in at the same rate, so that a lasting "
        "dose ends at a concentration of the same number; the paper gives no numbers",
    ),
)

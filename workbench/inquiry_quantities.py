"""Which quantities of a patient are profiled: what the dose rests on, and what was asked for besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dynamics.model import Model
    from fitting.result import Fit
    from identifiability.quantity import Quantity
    from patients.cohort import Patient
    from workbench.inquiry_options import InquiryOptions


def asked_quantities(
    patient: Patient, fit: Fit, model: Model, k_tol: float, options: InquiryOptions
) -> tuple[tuple[Quantity, ...], list[str]]:
    """Collect the quantities of one patient.

    Parameters
    ----------
    patient : Patient
    fit : Fit
    model : Model
    k_tol : float
        Tolerable burden, in the marker's unit.
    options : InquiryOptions

    Returns
    -------
    quantities : tuple of Quantity
        Edges, width, smallest tolerable burden where the model has a window; a burden to come and a time to
        progression where they were asked for.
    notes : list of str
        What a reader must know of them.
    """
    from dosing.policies import ConstantDose
    from dosing.quantities import burden_on_day, time_to_progression, window_quantities
    from dosing.window import WindowUnavailable
    from identifiability.design.visit_plan import dose_until_now, schedule_with

    found: list[Quantity] = []
    notes: list[str] = []
    try:
        found += window_quantities(model, fit.constants, k_tol)
    except WindowUnavailable as error:
        notes.append(f"No dose window can be derived for this model: {error}")
    if options.day_ahead is not None:
        first, last = float(patient.times[0]), float(patient.times[-1])
        dose = dose_until_now(patient)
        schedule, day = schedule_with(patient, dose), last + options.day_ahead
        found.append(burden_on_day(model, fit.constants, schedule, day, first_day=first))
        notes.append(
            f"The burden on day {day:g} is that under {100 * dose:.0f} % of the maximum tolerated dose, held from "
            "the last visit on."
        )
    if options.progression_dose is not None:
        dose = options.progression_dose
        found.append(
            time_to_progression(model, fit.constants, ConstantDose(dose), name="time_to_progression")
        )
        notes.append(
            f"The time to progression is counted from the first visit, under {100 * dose:g} % of the maximum tolerated "
            "dose throughout, to 1.2 times the first burden."
        )
    return tuple(found), notes

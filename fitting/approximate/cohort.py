"""Posteriors of a whole cohort without a Markov chain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from fitting.approximate.chunk import Recipe, approximate_chunk
from fitting.approximate.isolation import isolated
from fitting.bayesian.prior_set import PriorSet, build_priors
from fitting.choice import choose_likelihood
from fitting.maximum_likelihood import FitFailure, prepare, unusable

if TYPE_CHECKING:
    from dynamics.model import Model
    from fitting.bayesian.posterior import Posterior
    from patients.cohort import Patient

Method = Literal["importance", "laplace"]
METHODS: tuple[Method, ...] = ("importance", "laplace")
CHUNK = (
    64  # patients whose modes are sought in one batch; the weighted draws of a few of them are held at a time
)


def approximate_cohort(
    patients: Sequence[Patient],
    model: Model,
    *,
    method: Method = "importance",
    likelihood: str = "auto",
    priors: Mapping[str, Any] | PriorSet | None = None,
    draws: int = 1000,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Posterior | FitFailure, ...]:
    """Approximate every patient's posterior.

    ``"laplace"`` draws from a normal at the mode and says so: such a posterior is never usable for a dose.
    ``"importance"`` weighs draws of that normal by the posterior itself; where the weights are too uneven, the
    proposal is adapted in rounds until they are not; and where that does not help, the posterior is marked "not to
    be believed".

    The draws come as four chains of equal length so that ArviZ reads them. They are independent, or repeated
    where a weight is large; R-hat compares them with each other and says nothing about how good the approximation
    is. Pareto k and the number of effective draws do: in ``provenance``, and in ``warnings`` as a sentence.

    Parameters
    ----------
    patients : sequence of Patient
    model : Model
    method : {"importance", "laplace"}
    likelihood : str
        ``auto`` or a member of :data:`fitting.likelihood.LIKELIHOODS`.
    priors : mapping or PriorSet, optional
        See :func:`fitting.bayesian.prior_set.build_priors`; a PriorSet is taken as it is.
    draws : int
        Of each patient, all four chains together.
    seed : int
        A patient's draws depend on it and on the patient's identifier only.
    progress : callable, optional
        Called with (patients done, patients in all).

    Returns
    -------
    tuple of Posterior or FitFailure
        In the order of ``patients``. A patient who cannot be fitted yields a FitFailure; nothing is raised.

    Raises
    ------
    ValueError
        An unknown method, or a number of draws that four chains cannot share.
    ModelError
        A prior of a parameter that the model does not have.
    """
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}; known are {', '.join(METHODS)}")
    if draws < 4 or draws % 4:
        raise ValueError(f"{draws} draws cannot be shared by four chains; give a multiple of 4")
    prepared, name, reason = prepare(patients, likelihood)
    member, _ = choose_likelihood(prepared, name)
    prior_set = priors if isinstance(priors, PriorSet) else build_priors(model, member, priors)
    recipe = Recipe(method, draws, seed, reason)
    results: dict[int, Posterior | FitFailure] = {}
    usable = []
    for i, patient in enumerate(prepared):
        refusal = unusable(patient)
        if refusal:
            results[i] = FitFailure(patient.patient_id, refusal)
        else:
            usable.append(i)

    def tell() -> None:
        if progress:
            progress(len(results), len(prepared))

    def together(some: Sequence[Patient]) -> list[Posterior | FitFailure]:
        return approximate_chunk(some, model, member, prior_set, recipe)

    for first in range(0, len(usable), CHUNK):
        some = usable[first : first + CHUNK]
        for i, found in zip(some, isolated(together, [prepared[i] for i in some]), strict=True):
            results[i] = found
            tell()
    return tuple(results[i] for i in range(len(prepared)))

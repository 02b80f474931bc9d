"""What a verdict can be: a code for machines with the sentence for people."""

from __future__ import annotations

from enum import StrEnum


class VerdictCode(StrEnum):
    """Why a parameter, all parameters or the dose window count as identified or not.

    The member's name is the code in the tables; its value is what it means.
    """

    CLOSED = "the data close the profile on both sides"
    OPEN_BELOW = "the data do not rule out the lower end of the declared range"
    OPEN_ABOVE = "the data do not rule out the upper end of the declared range"
    OPEN_BOTH = "the data rule out neither end of the declared range"
    AT_BOUND = "the profile is closed only because another parameter sits on its declared bound"
    SEARCH_FAILED = "the search along the profile ended early"
    UNIQUE_MINIMUM = "full rank, with a unique minimum within 20 % around the estimate"
    RANK_DEFICIENT = "some combination of the parameters leaves the burden unchanged"
    FLAT = "the profile has no clear minimum within 20 % around the estimate"
    TOO_FEW_POINTS = "there are no more measurements than estimated quantities"
    NOT_CONVERGED = "the fit did not converge"
    GLOBALLY_IDENTIFIABLE = "ideal data under this dosing leave one value"
    LOCALLY_IDENTIFIABLE = "ideal data under this dosing leave isolated values, perhaps several"
    STRUCTURALLY_OPEN = "no data under this dosing, however precise, can determine it"
    NOT_ANALYSED = "the structural analysis cannot treat this model"
    NO_WINDOW_ADMITTED = "the data do not rule out that no dose window exists"
    NO_COMMON_DOSE = "no dose lies inside the window of every tumour that the data admit"
    SEVERAL = "the parameters differ; see their own codes"
    UNSTATED = "no code was given"

    @property
    def code(self) -> str:
        """The name in the tables."""
        return self.name

"""What a comparison of models says: verdict, scores, weights."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


class ComparisonVerdict(StrEnum):
    """What a comparison allows; each member is the sentence that a person reads."""

    BETTER = "One model predicts left-out measurements better than every other."
    ALIKE = "At least two models predict left-out measurements alike; these data do not choose between them."
    HINGES = (
        "The order of the models hinges on visits that importance sampling cannot leave out. Refit without "
        "these visits before choosing."
    )
    ONE_MODEL = "One model only: nothing to compare."

    @property
    def code(self) -> str:
        """The name in the tables."""
        return self.name


@dataclass(frozen=True)
class ModelScore:
    """How one model predicts left-out visits.

    Parameters
    ----------
    model : str
    elpd, elpd_se : float
        Expected log predictive density summed over the visits, and its standard error.
    effective_parameters : float
    difference, difference_se : float
        To the best model, at most 0, and the standard error of the paired difference; NaN with one unit.
    difference_sure : float
        The difference over the visits that importance sampling carries for all models.
    stacking, pseudo_bma : float
        Weights in a mixture of the models (Yao 2018): stacking, and pseudo-BMA with Bayesian bootstrap.
    doubtful : int
        Visits whose density cannot be believed.
    """

    model: str
    elpd: float
    elpd_se: float
    effective_parameters: float
    difference: float
    difference_se: float
    difference_sure: float
    stacking: float
    pseudo_bma: float
    doubtful: int


@dataclass(frozen=True)
class Comparison:
    """Models of one patient or of one cohort, best first.

    Parameters
    ----------
    subject : str
        Whose visits: ``patient A``, ``12 patients``.
    scores : tuple of ModelScore
    units : int
        What the standard errors count: visits of one patient, patients of a cohort.
    visits : int
    verdict : ComparisonVerdict
    sentence : str
        The verdict with names and numbers.
    notes : tuple of str
        What a reader must know.
    """

    subject: str
    scores: tuple[ModelScore, ...]
    units: int
    visits: int
    verdict: ComparisonVerdict
    sentence: str
    notes: tuple[str, ...] = ()

    @property
    def best(self) -> str:
        """The model with the highest density, whether or not it differs from the next."""
        return self.scores[0].model

    @property
    def weights(self) -> dict[str, float]:
        """Stacking weights by model."""
        return {s.model: s.stacking for s in self.scores}

    def to_table(self) -> pd.DataFrame:
        """Return one row a model, best first."""
        import pandas as pd

        return pd.DataFrame([vars(s) for s in self.scores]).set_index("model")

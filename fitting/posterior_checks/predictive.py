"""Whether courses drawn from a prior or from a posterior look like the measured one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from fitting.posterior_checks.course_features import Feature, features
from fitting.posterior_checks.pit import leave_one_out_pit, pit_values
from fitting.posterior_checks.reading import has_group, measured, named, visit_draws

if TYPE_CHECKING:
    import pandas as pd
    from xarray import DataTree

    from fitting.posterior_checks.leave_one_out import LeaveOneOut

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
SURPRISING = 0.05  # p-value below which a feature, or the number of visits outside 90 %, is called a misfit
IMPOSSIBLE = (
    0.001  # a single visit this far out in its tail, both tails together, divided by the number of visits
)


class PredictiveVerdict(StrEnum):
    """What the comparison shows; each member is the sentence that a person reads."""

    LIKE = "Courses drawn from the model look like the measured one."
    VISITS_OUTSIDE = (
        "More visits lie outside the model's 90 % band than chance allows. Look at these visits, and at a "
        "likelihood with a larger spread or another model."
    )
    FEATURE_MISSED = (
        "The visits lie inside the band, but the measured course has a shape that the model's courses lack. "
        "Compare it with another model."
    )
    PRIOR_EXCLUDES = (
        "The prior hardly allows what was measured. Check the units of the burdens and the doses, then the "
        "prior."
    )
    NOTHING_MEASURED = "No visit has a measurement: nothing to compare."

    @property
    def code(self) -> str:
        """The name in the tables."""
        return self.name


@dataclass(frozen=True)
class PredictiveCheck:
    """One patient's course among courses drawn from the model.

    Parameters
    ----------
    patient : str
        Who, and with which model.
    group : str
        ``posterior_predictive`` or ``prior_predictive``.
    times_days, burdens, censoring : ndarray, shape (n,)
        The visits; NaN burdens where nothing was measured.
    quantiles : ndarray, shape (5, n)
        Of the predictions, at the levels ``LEVELS``.
    pit : ndarray, shape (n,)
        Where each burden lies among its predictions.
    loo_pit : ndarray or None, shape (n,)
        The same from the other visits; NaN where importance sampling does not hold.
    features : tuple of Feature
    verdict : PredictiveVerdict
    sentence : str
        The verdict with visits and numbers.
    """

    patient: str
    group: str
    times_days: np.ndarray
    burdens: np.ndarray
    censoring: np.ndarray
    quantiles: np.ndarray
    pit: np.ndarray
    loo_pit: np.ndarray | None
    features: tuple[Feature, ...]
    verdict: PredictiveVerdict
    sentence: str

    @property
    def outside(self) -> np.ndarray:
        """Visits outside the 90 % band, shape (n,), bool."""
        return np.abs(self.pit - 0.5) > 0.45

    def coverage(self, level: float = 0.9) -> float:
        """Return the share of the measured visits inside the central interval of this level."""
        known = self.pit[np.isfinite(self.pit)]
        return float(np.mean(np.abs(known - 0.5) <= level / 2)) if known.size else float("nan")

    def to_table(self) -> pd.DataFrame:
        """Return one row a visit."""
        import pandas as pd

        columns = {"burden": self.burdens, "censoring": self.censoring}
        columns |= {f"q{100 * level:.0f}": row for level, row in zip(LEVELS, self.quantiles, strict=True)}
        columns["pit"] = self.pit
        if self.loo_pit is not None:
            columns["loo_pit"] = self.loo_pit
        return pd.DataFrame(columns, index=pd.Index(self.times_days, name="day"))

    def feature_table(self) -> pd.DataFrame:
        """Return one row a feature of the course."""
        import pandas as pd

        return pd.DataFrame(
            {
                "observed": [f.observed for f in self.features],
                "q5": [f.quantiles[0] for f in self.features],
                "median": [f.quantiles[1] for f in self.features],
                "q95": [f.quantiles[2] for f in self.features],
                "p_value": [f.p_value for f in self.features],
                "unit": [f.unit for f in self.features],
            },
            index=pd.Index([f.name for f in self.features], name="feature"),
        )


def check_predictions(
    posterior: DataTree,
    group: str = "posterior_predictive",
    *,
    seed: int = 0,
    loo: LeaveOneOut | None = None,
) -> PredictiveCheck:
    """Compare a measured course with courses drawn from the model (Gelman 1996; Gabry 2019, section 3 for priors).

    A posterior predictive check uses the data twice, so it misses much and its alarms weigh the more; the
    leave-one-out values use each visit once.

    Parameters
    ----------
    posterior : DataTree
        With ``observed_data`` and the group of predictions; ``log_likelihood`` for the leave-one-out values.
    group : str
        ``posterior_predictive`` or ``prior_predictive``.
    seed : int
        For the randomised part of the PIT values.
    loo : LeaveOneOut, optional
        Of the same posterior, where it is already known.

    Raises
    ------
    PosteriorContentError
        A group that is not there.

    References
    ----------
    Gelman, Meng, Stern (1996), Statistica Sinica 6:733.
    Gabry, Simpson, Vehtari, Betancourt, Gelman (2019), J. R. Stat. Soc. A 182:389.
    """
    data, predicted = measured(posterior), visit_draws(posterior, group)
    if not np.all(np.isfinite(predicted)):
        share = 100 * float(np.mean(~np.isfinite(predicted)))
        raise ValueError(
            f"{named(posterior)}: {share:.3g} % of the predictions in {group!r} are not finite numbers; check the "
            "posterior's convergence, or the prior's tails"
        )
    rng = np.random.default_rng(seed)
    pit = pit_values(data.burdens, predicted, rng, data.censoring)
    known = np.isfinite(data.burdens)
    loo_pit = None
    if group == "posterior_predictive" and known.any() and has_group(posterior, "log_likelihood"):
        if loo is None:
            from fitting.posterior_checks.leave_one_out import leave_one_out

            loo = leave_one_out(posterior)
        loo_pit = leave_one_out_pit(loo, data.burdens, predicted, rng, data.censoring)
    seen = (
        features(data.times_days[known], data.burdens[known], data.censoring[known], predicted[..., known])
        if known.any()
        else ()
    )
    verdict = _verdict(pit[known], seen, prior=group == "prior_predictive")
    return PredictiveCheck(
        named(posterior), group, data.times_days, data.burdens, data.censoring,
        np.quantile(predicted.reshape(-1, data.burdens.size), LEVELS, axis=0), pit, loo_pit, seen, verdict,
        _sentence(named(posterior), verdict, data.times_days[known], data.burdens[known], pit[known], seen),
    )  # fmt: skip


def _verdict(pit: np.ndarray, seen: tuple[Feature, ...], *, prior: bool) -> PredictiveVerdict:
    from scipy.special import bdtrc

    if not pit.size:
        return PredictiveVerdict.NOTHING_MEASURED
    outside = int(np.sum(np.abs(pit - 0.5) > 0.45))
    # P(at least this many outside), visits taken as independent
    too_many = outside > 0 and float(bdtrc(outside - 1, pit.size, 0.1)) < SURPRISING
    extreme = bool(np.any(2 * np.minimum(pit, 1 - pit) < IMPOSSIBLE / pit.size))
    missed = any(f.p_value < SURPRISING / len(seen) for f in seen)
    if prior:
        return PredictiveVerdict.PRIOR_EXCLUDES if too_many or extreme or missed else PredictiveVerdict.LIKE
    if too_many or extreme:
        return PredictiveVerdict.VISITS_OUTSIDE
    return PredictiveVerdict.FEATURE_MISSED if missed else PredictiveVerdict.LIKE


def _sentence(
    patient: str,
    verdict: PredictiveVerdict,
    times: np.ndarray,
    burdens: np.ndarray,
    pit: np.ndarray,
    seen: tuple[Feature, ...],
) -> str:
    """Write what was found, with days and numbers."""
    if verdict is PredictiveVerdict.NOTHING_MEASURED:
        return f"{patient}: {verdict}"
    outside = np.abs(pit - 0.5) > 0.45
    parts = [f"{int(np.sum(~outside))} of {pit.size} visits lie inside the 90 % band"]
    if outside.any():
        parts.append(
            "outside: "
            + ", ".join(
                f"day {t:g} ({y:g}, too {'high' if p > 0.5 else 'low'})"
                for t, y, p in zip(times[outside], burdens[outside], pit[outside], strict=True)
            )
        )
    parts += [
        f"{f.name} {f.observed:.3g} where the model's courses have {f.quantiles[0]:.3g} to {f.quantiles[2]:.3g} "
        f"(p = {f.p_value:.2g})"
        for f in seen
        if f.p_value < SURPRISING / len(seen)
    ]
    return f"{patient}: {verdict} {'; '.join(parts)[0].upper()}{'; '.join(parts)[1:]}."

"""Rooms in small: results with the shape of real ones, made in no time, so that the workbench alone is tested."""

import math

import numpy as np

from dosing.policies import ConstantDose, MaximumToleratedDose
from dosing.progression import Progression, ProgressionRule
from dosing.regimen import Regimen, WindowRange
from dosing.strategies import StrategyOutcome, StrategyTtp
from dosing.window import DoseWindow
from dynamics.ensemble import Ensemble
from dynamics.schedule import DoseSchedule
from fitting.maximum_likelihood import FitFailure
from fitting.result import Fit, FitStatus
from identifiability.result import Diagnosis, FisherInformation, Profile, SideStatus, Verdict

NAMES = ("r", "K", "delta", "c")
UNITS = ("per day", "burden", "per day", "1")


def make_fit(patient, status=FitStatus.CONVERGED):
    """A fit whose numbers depend on the patient's first burden alone."""
    first = patient.first_burden
    estimates = np.array([0.13, 1.6 * first, 0.09, 2.3])
    return Fit(
        patient_id=patient.patient_id, model_name="competition", likelihood="poisson", parameter_names=NAMES,
        parameter_units=UNITS, estimates=estimates, lower=np.array([1e-3, 0.2 * first, 1e-3, 0.01]),
        upper=np.array([2.0, 1000 * first, 5.0, 100.0]), log_covariance=np.diag([0.01, 0.04, 0.0225, 0.01]),
        nll=18.5 + first / 7, dispersion=None, constants={"V0": first, "f_R": 0.01}, fitted=patient.burdens * 1.01,
        residuals=np.linspace(-1, 1, len(patient)), starts=12, starts_at_optimum=9, optima=estimates[None, :],
        optima_nll=np.array([18.5]), status=status, converged=status is not FitStatus.FAILED,
        warnings=("Poisson meets burdens that are not whole numbers; use log_normal",) if first % 1 else (),
    )  # fmt: skip


def make_diagnosis(fit, level=0.95):
    """Parabolic profiles; c is open downwards for an even first burden, and `profile95` says so."""
    opened = int(fit.constants["V0"]) % 2 == 0
    sd, threshold = np.sqrt(np.diag(fit.log_covariance)), 1.92
    profiles, verdicts = [], []
    for i, name in enumerate(NAMES):
        steps = np.linspace(-3, 3, 13)
        if opened and name == "c":
            steps = np.concatenate(
                [np.linspace(np.log(fit.lower[i] / fit.estimates[i]) / sd[i], -4, 5), steps]
            )
        values = fit.estimates[i] * np.exp(sd[i] * steps)
        rise = np.where(steps < -2, 1.5, 0.5 * steps**2) if opened and name == "c" else 0.5 * steps**2
        sets = np.tile(fit.estimates, (len(values), 1))
        sets[:, i] = values
        inside = values[rise <= threshold]
        lower = SideStatus.OPEN if opened and name == "c" else SideStatus.CLOSED
        profiles.append(
            Profile(name, values, fit.nll + rise, sets, fit.estimates[i], fit.nll, threshold, level, 1,
                    ((inside[0], inside[-1]),), lower, SideStatus.CLOSED)
        )  # fmt: skip
        verdicts.append(Verdict("paper", name, True, "rises", "rises", f"{name} has one minimum."))
        verdicts.append(
            Verdict("profile95", name, lower == "closed", lower.value, "closed", f"{name} is {lower.value}.")
        )
    verdicts.append(Verdict("paper", "all", True, "", "", "Rank 4 of 4."))
    text = "Not closed by the data: c open downwards." if opened else "Every profile is closed."
    verdicts.append(Verdict("profile95", "all", not opened, "", "", text))
    eye = np.eye(4)
    fisher = FisherInformation("expected", eye, np.ones(4), eye, 4, 1e-8, 1e3)
    sets = np.concatenate([p.sets[p.rise <= p.threshold] for p in profiles])
    ensemble = Ensemble(
        NAMES, sets, np.full(len(sets), 1 / len(sets)), dict(fit.constants), "sets on the profiles"
    )
    return Diagnosis(fit.patient_id, tuple(profiles), fisher, fisher, tuple(verdicts), ensemble)


def _outcome(policy, first, total, censored):
    times = np.linspace(0, 1460, 50)
    ttp = Progression(
        ProgressionRule.ABOVE_TOLERABLE, 1.0, 1460 if censored else 168, 168.04, censored, 1460.0
    )
    burdens = first * (0.6 + 0.3 * np.cos(times / 200))
    return StrategyOutcome(
        policy.name, policy.description, policy, StrategyTtp(ttp, ttp, ttp), total, total / 1460, 0.8 * first,
        0.5 * first, 74.0, times, burdens, np.ones(50), burdens / 2, 1460.0, "ok",
    )  # fmt: skip


def make_regimen(patient, fit, diagnosis, k_tol_ratio=1.0, required_support=0.95):
    """Recommend 62 % where every profile is closed, refuse otherwise."""
    good = diagnosis.verdict("profile95").identified
    k_tol = k_tol_ratio * patient.first_burden
    window = DoseWindow(0.565635, 0.834748, k_tol, 0.7 * k_tol, fit["delta"], 1.6 * k_tol, "II", "Case II.")
    doses = np.linspace(0, 1, 21)
    dose = 0.62 if good else math.nan
    outcomes = (_outcome(MaximumToleratedDose(), patient.first_burden, 1460.0, False),)
    if good:
        outcomes = (_outcome(ConstantDose(dose), patient.first_burden, 905.2, True), *outcomes)
    return Regimen(
        patient_id=patient.patient_id, action="recommend" if good else "refuse", dose_fraction=dose,
        reason="Every admitted set supports 62 % of MTD." if good else "No single dose is supported.",
        code="IDENTIFIED" if good else "NOT_SUPPORTED", window=window,
        window_range=WindowRange((0.5, 0.6), (0.8, 0.9), 0.0 if good else 0.2, 40), support=0.99 if good else 0.4,
        best_supported_dose=0.7, support_doses=doses, support_share=np.clip(1 - 3 * np.abs(doses - 0.7), 0, 1),
        required_support=required_support,
        point_estimate_says="The point estimate alone would have said 62.0 % of MTD.",
        would_change="Further visits.", basin="The tumour reaches the state with sensitive cells alone.",
        strategies=outcomes, schedule=DoseSchedule.constant(dose) if good else None, settings={"margin": 0.2},
    )  # fmt: skip


class Rooms:
    """The three functions that the pipeline calls, with a record of the calls."""

    def __init__(self):
        self.calls = []

    def fit_cohort(self, patients, model, *, likelihood, starts, seed, progress=None):
        self.calls += [("fit", p.patient_id) for p in patients]
        for done in range(1, len(patients) + 1) if progress else ():
            progress(done, len(patients))
        return tuple(
            FitFailure(p.patient_id, "the model could not be solved")
            if "cannot-fit" in p.patient_id
            else make_fit(p)
            for p in patients
        )

    def diagnose_cohort(self, patients, fits, model, *, level, seed, progress=None):
        self.calls += [("diagnose", p.patient_id) for p in patients]
        if any("breaks" in p.patient_id for p in patients):
            raise RuntimeError("the information matrix is broken")
        if any("ctrl-c" in p.patient_id for p in patients):
            raise KeyboardInterrupt
        progress(1.0)
        return tuple((fit, make_diagnosis(fit, level)) for fit in fits)

    def recommend(
        self, patient, fit, diagnosis, model, *, k_tol_ratio, required_support, horizon_days, likelihood
    ):
        self.calls.append(("recommend", patient.patient_id))
        return make_regimen(patient, fit, diagnosis, k_tol_ratio, required_support)

    def install(self, set_attribute):
        """Put them in the place of the real ones; ``set_attribute`` is setattr, or a monkeypatch's."""
        import dosing.dose_evidence
        import dosing.recommendation
        import fitting.maximum_likelihood
        import identifiability.diagnosis

        set_attribute(fitting.maximum_likelihood, "fit_cohort", self.fit_cohort)
        set_attribute(identifiability.diagnosis, "diagnose_cohort", self.diagnose_cohort)
        set_attribute(dosing.dose_evidence, "dose_evidence_of", lambda *_: None)
        set_attribute(dosing.recommendation, "recommend", self.recommend)


def write_cohort(path, ids, visits=6):
    """Write a cohort file; first burdens alternate between odd and even."""
    import csv

    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["patient_id", "time_days", "burden", "marker", "dose"])
        for k, patient_id in enumerate(ids):
            for visit in range(visits):
                writer.writerow(
                    [patient_id, 20 * visit, 301 + 17 * k + 5 * visit * (visit - 3), "LDH_U_per_L", 1]
                )
    return path

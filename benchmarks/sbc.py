"""Simulation-based calibration of the competition model with its default priors.

``python -m benchmarks.sbc`` draws virtual patients from the priors, computes each one's posterior by importance
sampling, ranks the truth among nearly independent draws, and writes ``results/sbc.json`` and
``docs/images/calibration.png``. ``--redraw`` judges and draws the stored ranks again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.record import RESULTS, Table, save
from benchmarks.table import print_results
from dynamics import DoseSchedule, get_model
from fitting.approximate import approximate_cohort
from fitting.bayesian.assembly import log_likelihood
from fitting.bayesian.cohort import RTOL, sample_cohort
from fitting.bayesian.penalised_problem import build_penalised
from fitting.bayesian.posterior import Posterior
from fitting.bayesian.prior_set import PriorSet, build_priors
from fitting.likelihood import get_likelihood
from fitting.maximum_likelihood import FitFailure
from fitting.posterior_checks.calibration import Calibration, rank_statistics
from patients import Patient
from patients import virtual as virtual_patients

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "calibration.png"
MODEL = "competition"
LIKELIHOOD = "poisson"
VISITS = (0, 30, 60, 80, 100, 130, 160, 200)
SCHEDULE = DoseSchedule.from_rows([(0, 60, 1.0), (60, 100, 0.0), (100, 200, 1.0)])
V0 = 500.0
RANKED_AMONG = 99  # 100 possible ranks, which bins share evenly
BLOCK = 200  # patients drawn with one seed; the next block takes the next seed, so a longer run begins like a shorter
CHUNK = 8  # patients between two looks at the clock
FIT = "log likelihood"


@dataclass(frozen=True)
class Ranked:
    """One virtual patient.

    Parameters
    ----------
    patient_id : str
    seed : int
        Of the block that the patient was drawn in.
    truth : dict of str to float
    status : str
        Code of the posterior's status; ``FAILED`` where there is none.
    method : str
    usable : bool
    pareto_k, effective_draws : float or None
        Of the importance weights.
    ranks : dict of str to int
        Draws below the truth; empty where there are no draws. Those of a posterior that is not usable are ranks among
        draws that are not to be believed.
    """

    patient_id: str
    seed: int
    truth: dict[str, float]
    status: str
    method: str
    usable: bool
    pareto_k: float | None
    effective_draws: float | None
    ranks: dict[str, int]


def rank(
    patients: Sequence[Patient], truths: Sequence[dict[str, float]], priors: PriorSet, seed: int
) -> list[Ranked]:
    """Rank the truth of some patients among draws of their approximate posteriors."""
    posteriors = approximate_cohort(
        patients, get_model(MODEL), method="importance", likelihood=LIKELIHOOD, priors=priors,
        draws=RANKED_AMONG + 1, seed=seed,
    )  # fmt: skip
    return _ranked(patients, truths, posteriors, priors, seed)


def rank_by_nuts(
    patients: Sequence[Patient], truths: Sequence[dict[str, float]], priors: PriorSet, seed: int
) -> list[Ranked]:
    """Rank the truth of some patients among thinned draws of Markov chains."""
    posteriors = sample_cohort(patients, get_model(MODEL), likelihood=LIKELIHOOD, priors=priors, seed=seed)
    return _ranked(patients, truths, posteriors, priors, seed)


def _ranked(
    patients: Sequence[Patient],
    truths: Sequence[dict[str, float]],
    posteriors: Sequence[Posterior | FitFailure],
    priors: PriorSet,
    seed: int,
) -> list[Ranked]:
    """Compare truths with evenly spaced draws."""
    model = get_model(MODEL)
    problem = build_penalised(patients, model, get_likelihood(LIKELIHOOD), priors, rtol=RTOL)
    ranked = []
    for w, (posterior, truth) in enumerate(zip(posteriors, truths, strict=True)):
        if not isinstance(posterior, Posterior):
            ranked.append(Ranked(posterior.patient_id, seed, truth, "FAILED", "", False, None, None, {}))
            continue
        values = np.array([truth[name] for name in model.parameter_names])
        fits = np.asarray(posterior.tree["log_likelihood"]["burden"]).sum(axis=-1).ravel()
        true_fit = log_likelihood(problem, w, (np.log(values) - problem.log_scale[w])[None]).sum()
        draws = np.column_stack([posterior.draws, fits])
        thinned = draws[np.linspace(0, len(draws) - 1, RANKED_AMONG).round().astype(int)]
        below = (thinned < np.append(values, true_fit)).sum(axis=0)
        about = posterior.provenance.get("approximation", {})
        k = about.get("pareto_k")
        ranked.append(
            Ranked(
                posterior.patient_id, seed, truth, posterior.status.name, posterior.method, posterior.usable,
                float(k) if k is not None and np.isfinite(k) else None, about.get("effective_draws"),
                dict(zip((*model.parameter_names, FIT), map(int, below), strict=True)),
            )
        )  # fmt: skip
    return ranked


def simulate(seed: int) -> tuple[Sequence[Patient], Sequence[dict[str, float]]]:
    """Draw one block of patients and their true parameters."""
    cohort, truths = virtual_patients.sample_cohort(
        get_model(MODEL), BLOCK, VISITS, SCHEDULE, seed, first_burden=V0
    )
    return cohort.patients, truths


def measure(wanted: int, minutes: float, seed: int) -> list[Ranked]:
    """Rank as many of the wanted patients as the time allows, a few at a time."""
    began = time.monotonic()
    priors = build_priors(get_model(MODEL), get_likelihood(LIKELIHOOD))
    ranked: list[Ranked] = []
    for block in range(-(-wanted // BLOCK)):
        patients, truths = simulate(seed + block)
        last = min(BLOCK, wanted - block * BLOCK)
        for first in range(0, last, CHUNK):
            if time.monotonic() - began > 60 * minutes:
                return ranked
            some = slice(first, min(first + CHUNK, last))
            ranked += rank(patients[some], truths[some], priors, seed + block)
            refused = sum(not one.usable for one in ranked)
            said = f"{len(ranked)} of {wanted} patients, {refused} refused, {time.monotonic() - began:.0f} s"
            print(said, flush=True)
    return ranked


def sample_refused(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Replace the ranks of patients without a usable posterior by ranks among draws of Markov chains."""
    priors = build_priors(get_model(MODEL), get_likelihood(LIKELIHOOD))
    settled = list(ranked)
    for seed in sorted({one.seed for one in ranked if not one.usable}):
        poor = [i for i, one in enumerate(ranked) if one.seed == seed and not one.usable]
        patients, truths = simulate(seed)
        names = [patient.patient_id for patient in patients]
        place = [names.index(ranked[i].patient_id) for i in poor]
        again = rank_by_nuts([patients[j] for j in place], [truths[j] for j in place], priors, seed)
        for i, one in zip(poor, again, strict=True):
            settled[i] = replace(one, pareto_k=ranked[i].pareto_k, effective_draws=ranked[i].effective_draws)
    return settled


def judge(ranked: Sequence[Ranked]) -> Calibration:
    """Test the ranks of some patients."""
    names = (*get_model(MODEL).parameter_names, FIT)
    return rank_statistics({n: np.array([one.ranks[n] for one in ranked]) for n in names}, RANKED_AMONG)


def tables(believed: Calibration, everyone: Calibration, ranked: Sequence[Ranked]) -> list[Table]:
    """Put the outcome into cells."""
    outcomes = Counter((one.method or "none", one.status) for one in ranked)
    listed = [Table("Patients.", ["method", "status", "patients"], [[*k, n] for k, n in outcomes.items()])]
    columns = ["", "mean rank (0.5)", "spread of ranks (1)", "p, ECDF band", "p, chi-squared", "verdict"]
    for caption, calibration in (
        (f"Ranks of the {believed.simulations} patients whose posterior may be used.", believed),
        (f"Ranks of all {everyone.simulations} patients with draws, refused ones included.", everyone),
    ):
        cells = [
            [p.name, f"{p.mean:.3f}", f"{p.spread:.2f}", f"{p.p_band:.3f}", f"{p.p_chi2:.3f}", p.verdict.code]
            for p in calibration.parameters
        ]
        listed.append(Table(f"{caption} {calibration.sentence}", columns, cells))
    return listed


def draw(calibration: Calibration, file: Path) -> None:
    """Save the picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from fitting.posterior_checks.plots.calibration_ranks import plot_calibration

    figure = Figure(figsize=(8.4, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    plot_calibration(figure, calibration)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=130)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sbc", description=__doc__)
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument(
        "--minutes", type=float, default=60.0, help="no further patients are begun after that"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--nuts", action="store_true", help="sample the patients whose approximation is refused"
    )
    parser.add_argument("--redraw", action="store_true", help="use the ranks in results/sbc.json")
    options = parser.parse_args(arguments)
    if options.redraw:
        stored = json.loads((RESULTS / "sbc.json").read_text(encoding="utf-8"))
        run: dict[str, Any] = stored["run"]
        ranked = [Ranked(**one) for one in stored["patients"]]
    else:
        wall, cpu = time.monotonic(), time.process_time()
        ranked = measure(options.patients, options.minutes, options.seed)
        run = {
            "wanted": options.patients, "seed": options.seed,
            "wall_s": round(time.monotonic() - wall), "cpu_s": round(time.process_time() - cpu),
        }  # fmt: skip
    if options.nuts:
        ranked = sample_refused(ranked)
    believed, everyone = judge([one for one in ranked if one.usable]), judge([o for o in ranked if o.ranks])
    title = f"Simulation-based calibration: {MODEL}, {len(ranked)} virtual patients from the default priors"
    listed = tables(believed, everyone, ranked)
    notes = [
        f"{len(ranked)} of {run['wanted']} patients wanted, seed {run['seed']}: {len(VISITS)} visits, first burden "
        f"{V0:g}, Poisson noise; the approximations took {run['cpu_s']} s of processor "
        f"time, {run['wall_s']} s by the clock."
    ]
    save("sbc", title, [], listed, notes=notes, run=run, patients=[asdict(one) for one in ranked])
    draw(believed, PICTURE)
    print_results(title, [], listed, notes)


if __name__ == "__main__":
    main()

"""Pictures of ``optimal.md``, ``ensemble.md``, ``switching.md`` and ``stochastic.md``, written to ``docs/images``.

``python docs/make_figures.py`` writes all, ``python docs/make_figures.py ensemble`` (or ``optimal``, ``switching``,
``stochastic``) those of one page.
"""

import sys
from pathlib import Path

from matplotlib.figure import Figure

from dosing.ensemble.studies import (
    FIGURE_5,
    controls_figure,
    controls_study,
    single_tumour_figure,
    single_tumour_study,
    worst_tumours_figure,
    worst_tumours_study,
)
from dosing.minimum_effective_dose import minimum_effective_dose
from dosing.optimal import containment_problem, solve
from dosing.plots import (
    plot_control_profiles,
    plot_minimum_doses,
    plot_ttp_map,
    plot_weights,
    plot_window_against_tolerable,
)
from dosing.plots.stochastic_wright_fisher import plot_monitoring_study
from dosing.plots.switching import plot_cells_band
from dosing.plots.switching_study import plot_switching_study
from dosing.stochastic.birth_death import PROFILE_PANELS, solve_graded
from dosing.stochastic.wright_fisher.study import monitoring_study
from dosing.switching.case_studies import alk_study, alk_table, robustness
from dosing.switching.general import uncertain_models
from dynamics import get_model

FOLDER = Path(__file__).parent / "images"
# Masud 2023, Table 1
PATIENTS = {
    "patient 2": {"r": 0.131799194, "K": 580.8725024, "delta": 0.089001925, "c": 2.291960323, "V0": 359.0},
    "patient 6": {"r": 0.181471087, "K": 798.688266, "delta": 0.137568333, "c": 3.182914523, "V0": 677.0},
    "patient 7": {"r": 0.18287846, "K": 663.0487189, "delta": 0.128324461, "c": 2.362809094, "V0": 286.0},
    "patient 8": {"r": 0.165457451, "K": 544.2613509, "delta": 0.096811545, "c": 1.734836965, "V0": 541.0},
}


def save(figure: Figure, name: str) -> None:
    """Write one picture."""
    figure.savefig(FOLDER / f"{name}.png", dpi=120)


def ensemble() -> None:
    """Figures of Scagliotti 2026, in a minute or two."""
    controls = controls_study()
    print(controls.table().to_string())
    single, worst = single_tumour_study(controls.schedules(0.5)), worst_tumours_study(controls)
    print(controls.statement, single.statement, worst.statement, sep="\n")
    save(controls_figure(controls), "ensemble-controls")
    save(single_tumour_figure(single, ("MTD", "on-off AT", FIGURE_5[1], "off-on AT")), "ensemble-tumour")
    save(worst_tumours_figure(worst), "ensemble-worst")


def optimal() -> None:
    """Masud 2023: minimum doses, pause map, containment."""
    model = get_model("competition")
    found = {name: minimum_effective_dose(model, values, values["V0"]) for name, values in PATIENTS.items()}
    for name, result in found.items():
        print(name, result.sentence)
    figure = Figure(figsize=(6.6, 2.4), layout="constrained")
    plot_minimum_doses(figure.subplots(), found)
    save(figure, "minimum-doses")
    second, values = found["patient 2"], PATIENTS["patient 2"]
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    plot_ttp_map(figure.subplots(), second.map, window=second.window)
    save(figure, "pause-map")
    problem = containment_problem(model, values, values["V0"])
    weights = (300.0, 500.0, problem.values["B"], 900.0, 1500.0)
    figure = Figure(figsize=(9, 3.1), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.6, 1])
    solutions = [solve(problem.with_values(B=weight), intervals=200) for weight in weights]
    plot_weights(left, solutions, edge=second.window.low)
    plot_window_against_tolerable(right, model, values, values["V0"])
    save(figure, "containment")


def switching() -> None:
    """Counterpart of Devia and Giordano, Fig. 1, for H3122 cells; and the plan on draws."""
    study, table = alk_study(), alk_table()
    print(study.plan.sentence, study.best.sentence, study.full.sentence, sep="\n")
    figure = Figure(figsize=(8.6, 10.4), layout="constrained")
    save(plot_switching_study(figure, study), "switching-alk")
    assert study.plan.schedule is not None
    figure = Figure(figsize=(8.6, 2.8), layout="constrained")
    drawn = {
        "EC50s": table.uncertain(0.3, 50, 0),
        "effects and growth": uncertain_models(study.model, 0.3, 50, 0),
    }
    for axes, (name, members) in zip(figure.subplots(1, 2), drawn.items(), strict=True):
        found = robustness(name, members, study.model, study.cost, study.plan.schedule)
        print(found.sentence)
        plot_cells_band(axes, found)
        axes.set_xlabel(f"days ({name} ± 30 %)")
    save(figure, "switching-draws")


def stochastic() -> None:
    """Counterparts of Fischer 2015, Fig. 2, and of its Figs 1, S4 and S5; some minutes."""
    tables = {letter: solve_graded(panel.problem(200)) for letter, panel in PROFILE_PANELS.items()}
    figure = Figure(figsize=(7.6, 8.0), layout="constrained")
    save(
        plot_control_profiles(figure, tables, [p.title for p in PROFILE_PANELS.values()]), "control-profiles"
    )
    study = monitoring_study()
    save(plot_monitoring_study(Figure(figsize=(13, 8), layout="constrained"), study), "wright-fisher")


def main() -> None:
    """Compute and draw all, or those of the page that is named."""
    pages = {"optimal": optimal, "ensemble": ensemble, "switching": switching, "stochastic": stochastic}
    for name in sys.argv[1:] or pages:
        pages[name]()


if __name__ == "__main__":
    main()

import dataclasses
import json
import sys

import numpy as np
import pandas as pd
import pytest
from fakes import write_cohort
from posterior_fakes import Samplers

from workbench import cli
from workbench.fit_options import FitOptions, read_priors
from workbench.naming import safe_name
from workbench.options import OptionError
from workbench.report import posterior_page, posterior_view
from workbench.store import POSTERIORS_FILE


@pytest.fixture
def samplers(monkeypatch, rooms):
    """Fits and posteriors in no time."""
    samplers = Samplers()
    samplers.install(monkeypatch)
    return samplers


@pytest.fixture
def full(samplers):
    """Posteriors with all that is checked and shown."""
    samplers.light = False


@pytest.fixture
def light_page(monkeypatch):
    """Sections without figures, which have tests of their own."""
    monkeypatch.setattr(
        posterior_page, "patient_view",
        lambda s: posterior_view.patient_view(dataclasses.replace(s, parameters=())),
    )  # fmt: skip


@pytest.fixture
def evodose(monkeypatch, capsys, samplers, light_page):
    """Call the command as a shell does; return exit code, standard output, standard error."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["evodose", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return call


@pytest.fixture
def fit(evodose, tmp_path):
    """Fit a cohort of these patients, with these options, into tmp_path / "run"."""

    def call(ids, *options):
        file = write_cohort(tmp_path / "cohort.csv", ids)
        return evodose("fit", file, "-o", tmp_path / "run", *options)

    return call


def table(tmp_path, name):
    return pd.read_csv(tmp_path / "run" / name, dtype={"patient_id": str})


def test_without_bayes_there_are_fits_alone(fit, tmp_path, samplers):
    code, out, _ = fit(["P1", "P2"])
    assert code == 0
    assert list(table(tmp_path, "fits.csv")["patient_id"].unique()) == ["P1", "P2"]
    assert not (tmp_path / "run" / POSTERIORS_FILE).exists()
    assert not (tmp_path / "run" / "regimens.csv").exists()
    assert samplers.calls == []
    assert "2 patients fitted by maximum likelihood, 2 of them now." in out


def test_a_patient_who_cannot_be_fitted_is_told_and_the_others_stay(fit, tmp_path):
    code, out, _ = fit(["P1", "cannot-fit"])
    assert code == 3
    assert "the model could not be solved" in out
    assert set(table(tmp_path, "fits.csv")["patient_id"]) == {"P1", "cannot-fit"}
    assert fit(["cannot-fit"], "--fresh")[0] == 1


@pytest.mark.parametrize(
    ("options", "method"),
    [
        ((), "nuts"),
        (("--approximate", "importance"), "importance"),
        (("--approximate", "laplace"), "laplace"),
    ],
)
def test_posteriors_are_kept_told_and_shown(fit, full, tmp_path, options, method):
    code, out, _ = fit(["P1", "P2"], "--bayes", *options)
    assert code == 0
    for name in ("P1", "P2"):
        assert (tmp_path / "run" / "patients" / safe_name(name) / "posterior.nc").is_file()
    checks = table(tmp_path, "posterior_checks.csv")
    assert list(checks["patient_id"]) == ["P1", "P2"]
    assert set(checks["method"]) == {method}
    assert (tmp_path / "run" / POSTERIORS_FILE).is_file()
    usable = method != "laplace"
    assert ("A dose window exists with probability" in out) == usable
    assert set(checks["usable"]) == {usable}
    assert checks["window_probability"].notna().all() == usable
    rows = table(tmp_path, "posteriors.csv").query("patient_id == 'P1'")
    edges = ["window_low", "window_high"] if usable else []
    assert list(rows["parameter"]) == ["r", "K", "delta", "c", *edges]


def test_the_table_holds_the_quantiles_of_the_draws(fit, full, tmp_path):
    from fitting.bayesian.posterior import Posterior

    fit(["P1"], "--bayes", "--approximate", "importance")
    rows = table(tmp_path, "posteriors.csv").set_index("parameter")
    posterior = Posterior.load(tmp_path / "run" / "patients" / safe_name("P1") / "posterior.nc")
    for i, name in enumerate(posterior.parameter_names):
        draws = posterior.draws[:, i]
        expected = [*np.quantile(draws, (0.025, 0.25, 0.5, 0.75, 0.975)), draws.mean(), draws.std(ddof=1)]
        found = rows.loc[name, ["q2.5", "q25", "median", "q75", "q97.5", "mean", "sd"]]
        np.testing.assert_allclose(found.to_numpy(float), expected, rtol=1e-8)
    low, high = (4 * posterior.draws[:, 0], 9 * posterior.draws[:, 2])
    assert rows.loc["window_low", "exists"] == pytest.approx(np.mean(low < high))
    assert rows.loc["window_low", "median"] == pytest.approx(np.median(low[low < high]))
    assert rows.loc["r", "contraction"] > 0.9
    checks = table(tmp_path, "posterior_checks.csv").iloc[0]
    assert checks["inside_90"] == 1
    assert 0 < checks["p_nadir"] < 1
    assert checks["sensitivity_sentence"].startswith("The window's lower edge is ")
    assert checks["window_probability"] == pytest.approx(np.mean(low < high))


def test_a_second_call_computes_nothing(fit, samplers, tmp_path):
    fit(["P1", "P2"], "--bayes", "--approximate", "importance")
    first = list(samplers.calls)
    code, out, err = fit(["P1", "P2"], "--bayes", "--approximate", "importance")
    assert (code, samplers.calls) == (0, first)
    assert "Everything was there already" in out
    assert "computed again" not in err


def test_a_run_that_was_interrupted_goes_on(fit, samplers, tmp_path):
    code, _, err = fit(["P1", "ctrl-c", "P3"], "--bayes")
    assert code == 130
    assert "Repeat the same command" in err
    assert samplers.calls == ["P1", "ctrl-c"]
    code, _, _ = fit(["P1", "ctrl-c", "P3"], "--bayes")
    assert code == 0
    assert samplers.calls == ["P1", "ctrl-c", "ctrl-c", "P3"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--draws", "500"), "the draws were 1000, now 500"),
        (("--chains", "2"), "the chains were 4, now 2"),
        (("--sampler", "pymc"), "the sampler was nutpie, now pymc"),
        (("--prior", "r=0.1,3"), "the priors are not the same"),
        (("--approximate", "importance"), "the method was nuts, now importance"),
    ],
)
def test_other_settings_are_computed_again_and_told(fit, samplers, options, said):
    fit(["P1", "P2"], "--bayes", "-q")
    _, _, err = fit(["P1", "P2"], "--bayes", *options)
    assert samplers.calls == ["P1", "P2"] * 2
    assert f"the posterior of 'P1', 'P2' is computed again: {said}" in err


def test_a_damaged_posterior_is_computed_again(fit, samplers, tmp_path):
    fit(["P1", "P2"], "--bayes", "--approximate", "importance")
    (tmp_path / "run" / "patients" / safe_name("P2") / "posterior.nc").write_bytes(b"no such thing")
    _, _, err = fit(["P1", "P2"], "--bayes", "--approximate", "importance")
    assert samplers.calls == ["P1", "P2", "P2"]
    assert "'P2' is computed again: the file cannot be read" in err


def test_options_reach_the_samplers(fit, samplers):
    fit(["P1"], "--bayes", "--draws", "200", "--tune", "300", "--chains", "3", "--sampler", "numpyro", "--seed", "7",
        "--prior", "r=0.1,3", "--likelihood", "log_normal")  # fmt: skip
    given = samplers.arguments[-1]
    assert dataclasses.astuple(given["options"])[:3] == (200, 300, 3)
    assert given["options"].sampler == "numpyro"
    assert (given["seed"], given["likelihood"]) == (7, "log_normal")
    assert (given["priors"]["r"].median, given["priors"]["r"].fold_95) == (0.1, 3.0)
    fit(["P1"], "--bayes", "--approximate", "laplace", "--draws", "200", "--fresh")
    assert samplers.arguments[-1] == {
        "method": "laplace", "likelihood": "poisson", "priors": None, "draws": 800, "seed": 0,
    }  # fmt: skip


@pytest.mark.parametrize("options", [(), ("--approximate", "importance")])
def test_one_bad_patient_does_not_take_the_others_along(fit, tmp_path, options):
    code, out, _ = fit(["P1", "breaks", "no-solution", "P4"], "--bayes", *options)
    assert code == 3
    checks = table(tmp_path, "posterior_checks.csv").set_index("patient_id")
    assert list(checks.index) == ["P1", "breaks", "no-solution", "P4"]
    assert list(checks["status"].isin(["CONVERGED", "IMPORTANCE"])) == [True, False, False, True]
    assert "the curvature is broken" in checks.loc["breaks", "status_sentence"]
    assert "could not be solved" in checks.loc["no-solution", "status_sentence"]
    assert "the curvature is broken" in out
    page = (tmp_path / "run" / POSTERIORS_FILE).read_text()
    assert "the curvature is broken" in page
    rows = table(tmp_path, "posteriors.csv").query("patient_id == 'breaks'")
    assert list(rows["parameter"]) == ["all"]


def test_a_failure_is_not_tried_again_unless_the_settings_change(fit, samplers):
    fit(["breaks"], "--bayes", "--approximate", "importance")
    count = len(samplers.calls)
    assert fit(["breaks"], "--bayes", "--approximate", "importance")[0] == 1
    assert len(samplers.calls) == count
    fit(["breaks"], "--bayes", "--approximate", "laplace")
    assert len(samplers.calls) > count


def test_no_window_rests_on_chains_that_did_not_converge(fit, full, tmp_path):
    code, out, _ = fit(["P1", "unfinished"], "--bayes")
    assert code == 3
    checks = table(tmp_path, "posterior_checks.csv").set_index("patient_id")
    assert checks.loc["unfinished", "status"] == "NOT_CONVERGED"
    assert not checks.loc["unfinished", "usable"]
    assert checks.loc["unfinished", "divergences"] == 7
    assert np.isnan(checks.loc["unfinished", "window_probability"])
    assert "Do not use these draws" in out
    page = (tmp_path / "run" / POSTERIORS_FILE).read_text()
    assert "No dose window is derived from a posterior that is not usable." in page


def test_a_run_directory_can_be_asked(evodose, fit, samplers, tmp_path):
    fit(["P1", "P2"], "-q")
    code, _, _ = evodose("fit", tmp_path / "run", "--bayes", "--patient", "P2")
    assert (code, samplers.calls) == (0, ["P2"])
    assert list(table(tmp_path, "posterior_checks.csv")["patient_id"]) == ["P2"]
    evodose("fit", tmp_path / "run", "--bayes")
    assert samplers.calls == ["P2", "P1"]
    evodose("fit", tmp_path / "run", "--bayes", "--fresh")
    assert samplers.calls == ["P2", "P1", "P1", "P2"]
    code, _, err = evodose("fit", tmp_path / "run", "--bayes", "--patient", "P9")
    assert code == 2
    assert "has no results of a patient" in err


def test_an_ordinary_run_goes_on_from_the_fits_and_links_the_posteriors(evodose, fit, rooms, tmp_path):
    fit(["P1"], "--bayes", "--approximate", "importance")
    code, _, _ = evodose("run", tmp_path / "cohort.csv", "-o", tmp_path / "run")
    assert code == 0
    assert [c for c in rooms.calls if c[0] == "fit"] == [("fit", "P1")]
    assert POSTERIORS_FILE in (tmp_path / "run" / "report.html").read_text()
    (tmp_path / "run" / POSTERIORS_FILE).unlink()
    assert evodose("report", tmp_path / "run")[0] == 0
    assert (tmp_path / "run" / POSTERIORS_FILE).is_file()
    assert evodose("run", tmp_path / "cohort.csv", "-o", tmp_path / "run", "--fresh")[0] == 0
    assert not (tmp_path / "run" / POSTERIORS_FILE).exists()
    assert not list((tmp_path / "run").rglob("posterior.nc"))


def test_other_data_in_the_same_directory_are_refused(evodose, fit, tmp_path):
    fit(["P1"])
    other = write_cohort(tmp_path / "other.csv", ["P1", "P2"])
    code, _, err = evodose("fit", other, "-o", tmp_path / "run", "--bayes")
    assert code == 2
    assert "--fresh" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--draws", "500"), "--draws belongs to posteriors; add --bayes"),
        (("--population",), "--population belongs to posteriors"),
        (("--bayes", "--approximate", "laplace", "--tune", "500"), "--tune belongs to sampling"),
        (("--bayes", "--approximate", "guess"), "choose importance or laplace"),
        (("--bayes", "--sampler", "gibbs"), "choose one of nutpie, pymc, numpyro"),
        (("--bayes", "--draws", "3"), "--draws 3 is out of range"),
        (("--bayes", "--prior", "r=0.1"), "give NAME=MEDIAN,FOLD"),
        (("--bayes", "--prior", "r=0.1,0.5"), "give NAME=MEDIAN,FOLD"),
        (("--bayes", "--prior", "q=0.1,3"), "model 'competition' has r, K, delta, c"),
        (("--likelihood", "guess"), "--likelihood guess"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(fit, samplers, options, said):
    code, _, err = fit(["P1"], *options)
    assert code == 2
    assert said in err
    assert "Traceback" not in err
    assert samplers.calls == []


def test_a_run_directory_has_settings_of_its_own(evodose, fit, tmp_path):
    fit(["P1"])
    for option, value in (("--seed", 3), ("--model", "logistic"), ("--likelihood", "normal")):
        code, _, err = evodose("fit", tmp_path / "run", option, value)
        assert code == 2
        assert f"{option} belongs to a cohort file" in err
    assert evodose("fit", tmp_path / "absent.csv", "-o", tmp_path / "new")[0] == 2
    assert "give a run directory" in evodose("fit", tmp_path / "cohort.csv")[2]


def test_priors_are_read_in_any_order():
    assert read_priors(["r=0.1,3", "K = 2,10"]) == read_priors(["K=2,10", "r=0.1,3"])
    with pytest.raises(OptionError, match="given twice"):
        read_priors(["r=0.1,3", "r=0.2,3"])


def test_usual_values_written_out_are_the_same_settings():
    assert FitOptions(True).settings() == FitOptions(True, draws=1000, tune=1000, chains=4).settings()


def test_progress_names_the_patient_and_the_chains(samplers, make_patient, tmp_path):
    from workbench.fit_pipeline import compute_posteriors
    from workbench.observer import Silent
    from workbench.store import RunStore

    class Recorder(Silent):
        seen = ()

        def detail(self, text):
            self.seen += (text,)

        def finished(self, patients):
            self.seen += (patients,)

    recorder = Recorder()
    run = {"likelihood": "poisson", "seed": 0}
    patients = [make_patient("P1"), make_patient("P2")]
    assert (
        compute_posteriors(RunStore(tmp_path), patients, "competition", FitOptions(True), run, recorder) == 2
    )
    assert recorder.seen == (
        "P1: exploring, compiling the sampler", "P1: chains at 25 % 75 %", 1, "P2: chains at 25 % 75 %", 1,
    )  # fmt: skip


def test_a_population_is_sampled_once_and_shown(fit, tmp_path, monkeypatch):
    import fitting.population

    calls = []

    def refuse(patients, model, **options):
        calls.append(options)
        raise ValueError(
            "a population needs at least 3 patients to say how they differ, got 2; fit each alone"
        )

    monkeypatch.setattr(fitting.population, "fit_population", refuse)
    code, out, _ = fit(["P1", "P2"], "--bayes", "--population", "--draws", "200")
    assert code == 3
    assert "No population: a population needs at least 3 patients" in out
    assert calls[0]["draws"] == 200
    assert calls[0]["likelihood"] == "poisson"
    assert not (tmp_path / "run" / "population.csv").exists()


def test_the_manifest_says_what_was_asked(fit, tmp_path):
    fit(["P1"], "--bayes", "--approximate", "importance", "--prior", "r=0.1,3")
    content = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert content["status"] == "fitted"
    assert content["posteriors"]["options"]["priors"] == {"r": [0.1, 3.0]}
    assert content["timings_s"]["fit"] > 0


def test_a_cluster_computes_the_same(fit, samplers, tmp_path, monkeypatch):
    """The address is handed on, and nothing that cannot travel goes with it."""
    from workbench import distributed, fit_pipeline

    seen = []

    def local(function, patients, model, options, *, address=None, **more):
        seen.append((function.__name__, address, sorted(options)))
        return distributed.map_patients(function, patients, model, options, **more)

    monkeypatch.setattr(fit_pipeline, "map_patients", local)
    code, _, _ = fit(["P1", "P2"], "--bayes", "--dask", "tcp://scheduler:8786")
    assert code == 0
    assert seen == [
        ("fit_cohort", "tcp://scheduler:8786", ["likelihood", "seed", "starts"]),
        ("sample_cohort", "tcp://scheduler:8786", ["likelihood", "options", "priors", "seed"]),
    ]


def test_a_scheduler_that_is_not_there_is_said(fit, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("workbench.distributed_executors.CONNECT_S", 1)
    code, _, err = fit(["P1"], "--dask", "tcp://127.0.0.1:9")
    assert code == 2
    assert "127.0.0.1:9" in err


@pytest.mark.slow
def test_a_real_patient_from_the_file_to_the_page(monkeypatch, capsys, tmp_path):
    """Nothing replaced: one virtual patient whose many visits fix the window."""
    import csv

    from patients.demo import embedded_demo_cohort

    patient = next(iter(embedded_demo_cohort()))
    with (tmp_path / "cohort.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["patient_id", "time_days", "burden", "dose", "marker"])
        writer.writerows(
            ["<A&B>", t, b, 1, "LDH_U_per_L"] for t, b in zip(patient.times, patient.burdens, strict=True)
        )
    asked = ["fit", tmp_path / "cohort.csv", "-o", tmp_path / "run", "--bayes", "--approximate", "importance"]
    monkeypatch.setattr(sys, "argv", ["evodose", *map(str, asked), "--draws", "250"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert (ended.value.code or 0) == 0
    assert "The window's lower edge is data, its upper edge is data." in capsys.readouterr().out
    rows = table(tmp_path, "posteriors.csv").set_index("parameter")
    assert set(rows.index) == {"r", "K", "delta", "c", "window_low", "window_high"}
    for name, truth in {"r": 0.132, "K": 581, "delta": 0.089, "c": 2.29, "window_low": 0.566}.items():
        assert rows.loc[name, "q2.5"] < truth < rows.loc[name, "q97.5"]
        assert rows.loc[name, "contraction"] > 0.5
    checks = table(tmp_path, "posterior_checks.csv").iloc[0]
    assert checks["window_probability"] == 1
    assert np.isnan(checks["divergences"])
    page = (tmp_path / "run" / POSTERIORS_FILE).read_text()
    assert page.count("<svg") >= 7
    assert "&lt;A&amp;B&gt;" in page
    assert "<A&B>" not in page

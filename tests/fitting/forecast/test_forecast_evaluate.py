"""The table of many forecasters on many patients."""

from dataclasses import replace

import numpy as np
import pytest

from fitting.forecast import (
    evaluate,
    first_share,
    in_common,
    last_two_of_at_least,
    paired_differences,
    patient_scores,
    predict_from_draws,
    split_cohort,
    summarise,
    tumorgrowth_protocol,
)
from fitting.forecast.baselines import LastValue, LogLinear, Shrinkage, standard_baselines
from fitting.likelihood import LOG_NORMAL


def level(factor):
    """Forecast a multiple of what will be measured: wrong by exactly this factor."""

    def forecaster(split, context):
        mu = np.tile(factor * split.held_out_burdens, (50, 1))
        return predict_from_draws(split, "unnamed", mu, np.full(50, 0.1), LOG_NORMAL, seed=1)

    return forecaster


def failing(split, context):
    if split.patient_id == "W03":
        raise RuntimeError("the solver gave up")
    return level(1.0)(split, context)


def test_table_and_progress(splits):
    told = []
    result = evaluate(
        splits[:4], {"right": level(1.0), "wrong": level(2.0)}, on_progress=lambda *x: told.append(x)
    )
    assert len(result.visits) == 4 * 2 * 5
    assert result.visits["method"].unique().tolist() == ["right", "wrong"]
    assert told[-1] == ("wrong", 8, 8)
    assert result.failures.empty


def test_a_failure_costs_one_patient(splits):
    result = evaluate(splits[:5], {"right": level(1.0), "fails": failing})
    assert result.failures[["patient", "method"]].to_numpy().tolist() == [["W03", "fails"]]
    assert "the solver gave up" in result.failures["reason"][0]
    assert in_common(result) == ["W00", "W01", "W02", "W04"]
    assert summarise(result)["patients"].tolist() == [4, 4]
    assert summarise(result).loc["fails", "failed"] == 1


def test_nothing_succeeded(splits):
    def broken(split, context):
        raise RuntimeError("no compiler")

    with pytest.raises(ValueError, match="no compiler"):
        summarise(evaluate(splits[:2], {"broken": broken}))


def test_forecast_of_another_patient_or_other_days_is_a_failure(splits):
    def stranger(split, context):
        return replace(level(1.0)(split, context), patient_id="X")

    def other_days(split, context):
        return replace(level(1.0)(split, context), days=split.held_out_days + 1)

    reasons = evaluate(splits[:1], {"a": stranger, "b": other_days}).failures["reason"].tolist()
    assert "of patient 'X'" in reasons[0]
    assert "held-out days" in reasons[1]


def test_summary_is_a_mean_over_patients(splits):
    result = evaluate(splits, {"right": level(1.0), "wrong": level(2.0)})
    scores = patient_scores(result)["absolute_log_error"].unstack("method")
    summary = summarise(result)
    assert summary.loc["wrong", "absolute_log_error"] == pytest.approx(scores["wrong"].mean())
    assert summary.loc["wrong", "absolute_log_error_se"] == pytest.approx(scores["wrong"].sem())
    assert summary.loc["wrong", "absolute_log_error"] == pytest.approx(np.log(2), abs=0.05)
    assert summary.loc["right", "log_density"] > summary.loc["wrong", "log_density"]


def test_paired_differences(splits):
    result = evaluate(splits, {"right": level(1.0), "wrong": level(2.0)})
    table = paired_differences(result, "right", "log_density")
    scores = patient_scores(result)["log_density"].unstack("method")
    d = scores["wrong"] - scores["right"]
    row = table.loc["wrong"]
    assert row["difference"] == pytest.approx(d.mean())
    assert row["se"] == pytest.approx(d.std() / np.sqrt(len(d)), rel=0.1)
    assert row["low"] <= row["difference"] <= row["high"] < 0
    assert row["better"] == 0.0
    with pytest.raises(ValueError, match="no method 'best'"):
        paired_differences(result, "best", "log_density")
    with pytest.raises(ValueError, match="no score 'rmse'"):
        paired_differences(result, "right", "rmse")


def test_progression_without_patients_is_a_blank(splits):
    result = evaluate(splits[:3], {"right": level(1.0)}, progression={"at once": lambda training: 0.0})
    summary = summarise(result)
    assert summary.loc["right", "patients, at once"] == 0
    assert np.isnan(summary.loc["right", "error, at once"])


@pytest.mark.slow
def test_all_baselines_on_a_cohort(splits):
    result = evaluate(splits, standard_baselines())
    assert result.failures.empty
    summary = summarise(result)
    assert summary.loc["decay-regrowth", "crps_log"] < summary.loc["last value", "crps_log"]
    # the curve that made the data is the one whose intervals hold; regrowth after the cut surprises the others
    assert summary["covered90"].idxmax() in {"decay-regrowth", "population curve (others to their end)"}


def test_protocol_of_tumorgrowth(straight):
    ten = (*straight, replace(straight[0], patient_id="short", times=straight[0].times[:5],
                              burdens=straight[0].burdens[:5], censoring=np.zeros(5, dtype=int)))  # fmt: skip
    records, summary = tumorgrowth_protocol(
        ten, {"last": LastValue(), "line": LogLinear((Shrinkage(1e-9),))}, replicates=200
    )
    assert summary.index.tolist() == ["line", "last"]
    assert summary.loc["line", "beats"] == "last"
    assert summary["records"].tolist() == [10, 10]
    one = records[(records["patient"] == "S9") & (records["method"] == "last")].iloc[0]
    split = split_cohort(straight[9:], last_two_of_at_least(6))[0][0]
    d, known = split.held_out_burdens, split.training.burdens[-1]
    assert one["mae_mm"] == pytest.approx(np.mean(d - known))
    assert one["mae_volume"] == pytest.approx(np.mean(d**3 - known**3) / straight[9].burdens.max() ** 3)


@pytest.mark.cohorts
def test_forecast_cohorts_read_from_their_files(cohort_dir):
    from benchmarks.forecast_cohorts import COHORTS

    read = {c.key: c.load() for c in COHORTS}
    assert {k: len(c) for k, c in read.items()} == {
        "abiraterone": 17, "intermittent": 36, "lesions": 626, "erlotinib": 30,
    }  # fmt: skip
    for cohort in read.values():
        assert all(np.all(p.burdens > 0) for p in cohort)
    # 40 values of 0.02, and a zero
    assert sum(int(np.sum(p.censoring == -1)) for p in read["intermittent"]) == 41
    high, low, control = (read["erlotinib"][i].schedule for i in ("LXF128", "LXF31", "LXF40"))
    assert high.to_table().to_numpy().tolist() == [[3, 9, 1.0], [9, 14, 0.0], [14, 17, 1.0]]
    assert low.to_table().to_numpy().tolist() == [[3, 17, 0.0625]]
    assert not any(control.doses)


@pytest.mark.cohorts
def test_baselines_on_mice(cohort_dir):
    from benchmarks.forecast_cohorts import erlotinib

    splits, skipped = split_cohort(erlotinib().patients, first_share(0.6))
    assert (len(splits), skipped) == (30, ())
    summary = summarise(evaluate(splits, {"last": LastValue(), "line": LogLinear()}))
    # tumours grow again after the drug: a trend sees it, the last value does not
    assert summary.loc["line", "log_density"] > summary.loc["last", "log_density"] + 0.3

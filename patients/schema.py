"""The columns of a cohort file: names, units, what else people call them, limits of their values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column that the reader knows.

    Parameters
    ----------
    name : str
        As it must be called; case, spaces, hyphens, underscores, brackets do not count.
    unit, meaning : str
        What its values are.
    required : bool
        True where a file without it cannot be used.
    synonyms : tuple of str
        What other people call it: proposed in an error, never taken silently.
    """

    name: str
    unit: str
    meaning: str
    required: bool = False
    synonyms: tuple[str, ...] = ()


_PATIENT = Column(
    "patient_id",
    "text",
    "identifier of the patient, kept as text",
    required=True,
    synonyms=(
        "patient", "id", "pid", "pat", "patid", "patno", "patient_no", "patient_nr", "patient_number",
        "subject", "subject_id", "subjid", "usubjid", "case", "case_id", "mouse", "mouse_id", "animal",
        "animal_id", "record_id", "participant", "participant_id", "name", "mrn", "individual",
    ),
)  # fmt: skip
_DOSE = Column(
    "dose",
    "fraction of the maximum tolerated dose",
    "dose from this visit on, held until the next row that names one",
    synonyms=(
        "drug", "treatment", "therapy", "dosing", "dosage", "amt", "dose_mg", "dose_fraction", "drug_on",
        "on_drug", "on_treatment", "treated", "dose_percent", "dose%", "u", "concentration",
    ),
)  # fmt: skip

COHORT_COLUMNS: tuple[Column, ...] = (
    _PATIENT,
    Column(
        "time_days",
        "days, or dates",
        "day of the visit, negative before treatment; dates become days since the patient's first visit",
        required=True,
        synonyms=(
            "time", "day", "days", "t", "visit_day", "study_day", "visit", "visit_time", "timepoint", "ady",
            "day_number", "time_d", "days_since_start", "time_weeks", "time_months", "time_hours",
            "time_years", "week", "weeks", "month", "months", "hour", "hours", "year", "years", "tage",
            "tag",
        ),
    ),
    Column(
        "burden",
        "unit of the marker",
        "tumour burden measured at the visit; <0.1 or >500 where the assay ends",
        required=True,
        synonyms=(
            "volume", "tumour_volume", "tumor_volume", "tumour_burden", "tumor_burden", "psa", "ldh", "cea",
            "ca125", "ca15_3", "ca19_9", "afp", "ctdna", "size", "tumour_size", "tumor_size", "diameter",
            "longest_diameter", "sum_of_diameters", "sld", "value", "measurement", "marker_value", "dv",
            "observation", "result", "y", "m_protein", "bioluminescence", "blasts", "cells", "cell_count",
            "count",
        ),
    ),
    _DOSE,
    Column(
        "marker",
        "text",
        "name and unit of the marker, such as PSA_ng_per_mL",
        synonyms=("biomarker", "unit", "units", "test", "assay", "marker_name", "analyte", "parameter"),
    ),
    Column(
        "exclude",
        "true or false",
        "true leaves the row out of the fit; its dose still counts",
        synonyms=("excluded", "drop", "ignore", "skip", "outlier"),
    ),
    Column(
        "used_in_fit",
        "true or false",
        "false leaves the row out of the fit; its dose still counts",
        synonyms=("used", "include", "included", "use", "keep", "in_fit"),
    ),
    Column("exclusion_reason", "text", "why a row is left out, printed in the report", synonyms=("reason",)),
    Column(
        "lower_limit",
        "unit of the marker",
        "lower detection limit of the assay: a burden at or below it is left-censored",
        synonyms=("lloq", "lod", "loq", "llod", "detection_limit", "lower"),
    ),
    Column(
        "upper_limit",
        "unit of the marker",
        "upper limit of the assay: a burden at or above it is right-censored",
        synonyms=("uloq", "ulod", "upper"),
    ),
    Column("date", "date", "date of the visit, without time_days", synonyms=("visit_date", "datum")),
    Column("virtual", "true or false", "true for a simulated patient", synonyms=("simulated", "synthetic")),
)  # fmt: skip

SCHEDULE_COLUMNS: tuple[Column, ...] = (
    _PATIENT,
    Column(
        "t_start",
        "days, or dates",
        "first day of the segment",
        required=True,
        synonyms=(
            "start",
            "start_day",
            "from",
            "begin",
            "day_start",
            "start_date",
            "time_days",
            "time",
            "day",
            "tstart",
        ),
    ),
    Column(
        "t_end",
        "days, or dates",
        "day on which the segment ends; blank where it goes on",
        required=True,
        synonyms=(
            "end",
            "end_day",
            "to",
            "until",
            "stop",
            "day_end",
            "end_date",
            "stop_date",
            "tend",
            "t_stop",
        ),
    ),
    Column(_DOSE.name, _DOSE.unit, "dose during the segment", required=True, synonyms=_DOSE.synonyms),
)

# Times beyond a human life are dates or hours in disguise.
LONGEST_DAYS = 36525.0

# A dose of 1 that was computed may miss it by rounding.
DOSE_ROUNDING = 1e-9


@dataclass(frozen=True)
class Rule:
    """What the values of a column must satisfy, and what is said where they do not.

    Parameters
    ----------
    column, key : str
        Column, and the rule's name.
    why : str
        The reason in the report.
    message, remedy : str
        What is wrong and what becomes of it; what to do.
    """

    column: str
    key: str
    why: str
    message: str
    remedy: str


RULES: tuple[Rule, ...] = (
    Rule(
        "burden",
        "finite",
        "its burden is infinite",
        "the burden is larger than a number can be; the row is left out",
        "correct the value, or write >500 where the assay ends at 500",
    ),
    Rule(
        "burden",
        "not negative",
        "its burden is negative",
        "the burden is negative, which no measurement can be; the row is left out",
        "correct the value; where it means “below the detection limit”, write the limit as <0.1; where it "
        "is a change from baseline, give the measured values",
    ),
    Rule(
        "time_days",
        "finite",
        "its day is infinite",
        "the day is larger than a number can be; the row is left out",
        "write the day as a number such as 28",
    ),
    Rule(
        "dose",
        "in [0, 1]",
        "is not between 0 and 1",
        "the dose is not between 0 and 1; the patient is left out, because the doses of a course hang "
        "together",
        "write doses as fractions of the maximum tolerated dose: divide by it (75 of 150 mg is 0.5; 50 % "
        "is 0.5)",
    ),
    Rule(
        "lower_limit",
        "not negative",
        "its lower limit is negative",
        "the lower limit is negative; the row is left out",
        "write the detection limit of the assay, or leave the cell blank",
    ),
    Rule(
        "upper_limit",
        "positive",
        "its upper limit is not a positive number",
        "the upper limit is not a positive number; the row is left out",
        "write the largest value that the assay measures, or leave the cell blank",
    ),
)

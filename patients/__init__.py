"""Who was measured, when, under what dose."""

from patients.check import CheckReport, PatientSummary
from patients.cohort import Cohort, CohortError, Exclusion, Patient, Rejection
from patients.demo import embedded_demo_cohort
from patients.loading import load_cohort
from patients.problems import Problem, UnusableCohortError
from patients.readers import RawTable, read_table, write_schedule, write_tidy
from patients.virtual import VirtualPatient, sample_cohort, simulate_cohort

__all__ = [
    "CheckReport",
    "Cohort",
    "CohortError",
    "Exclusion",
    "Patient",
    "PatientSummary",
    "Problem",
    "RawTable",
    "Rejection",
    "UnusableCohortError",
    "VirtualPatient",
    "embedded_demo_cohort",
    "load_cohort",
    "read_table",
    "sample_cohort",
    "simulate_cohort",
    "write_schedule",
    "write_tidy",
]

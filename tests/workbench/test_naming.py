import re

import pytest

from workbench.naming import safe_name

STRANGE = [
    "../../x", "/etc/passwd", "<script>alert(1)</script>", "CON", "con", "Con", "nul.txt", "", " ", "\n", "a\x00b",
    "患者-一", "пациент", "\u00e9", "e\u0301", "x" * 500, "x" * 499 + "y", "P.1", "P 1", "P-1", "p-1", "=1+1", "-", "…",
]  # fmt: skip


@pytest.mark.parametrize("patient_id", STRANGE)
def test_a_name_is_legal_on_every_file_system(patient_id):
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,80}", safe_name(patient_id))


def test_identifiers_that_differ_get_names_that_differ():
    assert len({safe_name(patient_id).casefold() for patient_id in STRANGE}) == len(set(STRANGE))


def test_a_lone_surrogate_is_no_obstacle():
    assert safe_name("\udcff") != safe_name("\udcfe")


def test_the_slug_lets_a_person_find_a_patient():
    assert safe_name("MEL 02/b").startswith("mel-02-b-")

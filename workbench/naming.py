"""Folder names for patient identifiers, which are data and may hold anything."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_LONGEST_SLUG = 40
_DIGITS = 16


def safe_name(patient_id: str) -> str:
    """Return a folder name for a patient: a readable slug, a dash, a hash of the whole identifier.

    The slug is for people; the hash keeps identifiers apart that differ only in case, in signs or beyond the
    first characters. The result holds ``a-z``, ``0-9`` and ``-`` alone, so that it is a legal name on every
    file system (``CON`` becomes ``con-…``) and cannot leave its folder.
    """
    digest = hashlib.sha256(patient_id.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    plain = unicodedata.normalize("NFKD", patient_id).encode("ascii", "ignore").decode("ascii").lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:_LONGEST_SLUG].strip("-")
    return f"{slug or 'patient'}-{digest}"

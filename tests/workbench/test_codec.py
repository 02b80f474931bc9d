import dataclasses
import io
import json
import math

import numpy as np
import pytest

from fitting.result import FitStatus
from workbench.codec import CodecError, dumps, loads
from workbench.record import Diagnosed, Failure


def same(a, b):
    """Compare values that hold arrays."""
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(
            same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a) if f.init
        )
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


def test_everything_a_patient_has_survives(make_record, excluded):
    record = make_record("<b>&\udcff", 358.0, excluded=excluded, notes=("n",))
    again = loads(dumps(record))
    assert same(record, again)
    assert again.fit.status is FitStatus.CONVERGED
    assert again.patient.schedule.edges[-1] == math.inf
    assert math.isnan(again.regimen.dose_fraction)


def test_floats_keep_all_digits():
    values = {"a": 0.1 + 0.2, "b": math.inf, "c": -math.inf, "d": 5e-324, "e": np.float64(1 / 3)}
    assert loads(dumps(values)) == values


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_recognised(make_record, share):
    content = dumps(make_record())
    with pytest.raises(CodecError, match="not readable"):
        loads(content[: int(share * len(content))])


def test_damage_anywhere_is_recognised_or_harmless(make_record):
    record = make_record()
    content = dumps(record.fit)
    for place in np.linspace(0, len(content) - 1, 97).astype(int):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        try:
            again = loads(bytes(damaged))
        except CodecError:
            continue
        assert same(record.fit, again), f"byte {place} changed a result unnoticed"


def test_an_unknown_field_is_recognised(make_record):
    content = dumps(Failure("fitting", "x"))
    with np.load(io.BytesIO(content)) as archive:
        tree = json.loads(archive["tree"].tobytes())
    tree["c"][1]["added_later"] = 1
    with pytest.raises(CodecError, match="added_later"):
        loads(_archive(tree))


@pytest.mark.parametrize(
    "address", ["subprocess:Popen", "os:system", "workbench.store:RunStore", "pathlib:Path"]
)
def test_a_file_from_a_stranger_builds_nothing_but_results(address):
    with pytest.raises(CodecError):
        loads(_archive({"c": [address, {}]}))


def test_pickled_arrays_are_refused():
    buffer = io.BytesIO()
    np.savez(buffer, tree=np.array([{"a": 1}], dtype=object))
    with pytest.raises(CodecError):
        loads(buffer.getvalue())


def test_what_cannot_be_stored_says_so():
    with pytest.raises(TypeError, match="function"):
        dumps({"f": lambda: 1})


def test_a_diagnosed_fit_keeps_its_fit(make_record):
    record = make_record()
    again = loads(dumps(Diagnosed(record.fit, record.diagnosis)))
    assert same(again.fit, record.fit)
    assert same(again.diagnosis, record.diagnosis)


def _archive(tree):
    buffer = io.BytesIO()
    np.savez(buffer, tree=np.frombuffer(json.dumps(tree).encode(), dtype=np.uint8))
    return buffer.getvalue()

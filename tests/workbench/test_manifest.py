import getpass
import json
import platform

import pytest

from workbench.manifest import Manifest, RunMismatchError, file_fingerprint
from workbench.options import OptionError, RunOptions
from workbench.store import RunStore, StoreError

FILE = {"file": "a.csv", "sha256": "0" * 64}
MODEL = {"name": "competition", "file": None, "sha256": None}


def manifest(**changes):
    given = {
        "input_file": FILE,
        "schedule": None,
        "model": MODEL,
        "options": RunOptions().as_dict(),
    } | changes
    return Manifest.new(**given)


def test_a_manifest_comes_back_and_names_no_machine(tmp_path):
    store = RunStore(tmp_path)
    manifest().write(store)
    again = Manifest.read(store)
    again.require_same(manifest(), tmp_path)
    text = (tmp_path / "manifest.json").read_text()
    for private in (platform.node(), str(tmp_path)):
        assert private not in text
    assert f'"{getpass.getuser()}"' not in text
    assert json.loads(text)["versions"]["numpy"]


def test_the_same_data_under_another_name_are_the_same(tmp_path):
    manifest().require_same(manifest(input_file={**FILE, "file": "b.csv"}), tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"input_file": {"file": "a.csv", "sha256": "1" * 64}}, "input file is not the same"),
        ({"schedule": {"file": "s.csv", "sha256": "2" * 64}}, "schedule file is not the same"),
        ({"model": {**MODEL, "name": "turnover"}}, "model was competition, now turnover"),
        ({"options": RunOptions(k_tol=1.2).as_dict()}, r"--k-tol was 1.0, now 1.2"),
        ({"options": RunOptions(seed=3, starts=5).as_dict()}, r"--seed was 0, now 3; --starts was 12, now 5"),
    ],
)
def test_a_run_with_anything_else_is_refused(tmp_path, change, words):
    with pytest.raises(RunMismatchError, match=f"{words}.*another directory.*--fresh"):
        manifest().require_same(manifest(**change), tmp_path)


def test_another_version_is_refused(tmp_path):
    old = manifest()
    old.content["evodose"] = "0.0.1"
    with pytest.raises(RunMismatchError, match=r"made by evodose 0\.0\.1"):
        old.require_same(manifest(), tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}', '{"format": "x"}'])
def test_a_damaged_manifest_says_what_to_do(tmp_path, text):
    store = RunStore(tmp_path)
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(StoreError, match="--fresh"):
        Manifest.read(store)


def test_times_add_up_over_sessions():
    m = manifest()
    m.add_time("fitting", 1.25)
    m.add_time("fitting", 2.0)
    assert m.content["timings_s"] == {"fitting": 3.25}


def test_a_file_is_known_by_its_content(tmp_path):
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").write_text("x")
    (tmp_path / "c").write_text("y")
    a, b, c = (file_fingerprint(tmp_path / n)["sha256"] for n in "abc")
    assert a == b != c


@pytest.mark.parametrize(
    "wrong",
    [{"likelihood": "gamma"}, {"starts": 0}, {"seed": -1}, {"k_tol": 0.0}, {"k_tol": float("nan")}, {"support": 0.0},
     {"support": 1.1}, {"level": 1.0}, {"horizon": 0.0}],
)  # fmt: skip
def test_options_out_of_range_are_refused_by_name(wrong):
    name = next(iter(wrong)).replace("_", "-")
    with pytest.raises(OptionError, match=f"--{name}"):
        RunOptions(**wrong)

import pytest

from workbench import atomic


def test_a_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "a.csv"
    atomic.write_text(path, "old")
    atomic.write_text(path, "new\n")
    assert path.read_bytes() == b"new\n"
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    atomic.write_text(path, "old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        atomic.write_text(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_leftovers_of_killed_writers_are_swept(tmp_path):
    (tmp_path / f".a.npz-xyz{atomic.TEMPORARY}").write_bytes(b"half")
    (tmp_path / "a.npz").write_bytes(b"whole")
    assert atomic.sweep(tmp_path) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_results_are_as_open_as_other_files(tmp_path):
    atomic.write_text(tmp_path / "a", "x")
    (tmp_path / "b").write_text("x")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode

"""What is kept of a solved take is given back for the settings that it was solved for, alone."""

from mien.addon.solved import SolvedTakes
from mien.core.settings import SmoothSettings
from mien.core.takes import take_mark

BEST = SmoothSettings().geometry_kind
RAW = SmoothSettings(mode="none").geometry_kind


def test_geometries_of_another_depth_are_not_mistaken(tmp_path):
    (tmp_path / "take.json").write_text("{}")
    folder, mark = str(tmp_path), take_mark(tmp_path)
    kept = SolvedTakes()
    of_take, by_frame = {0: object()}, {0: object()}
    kept.keep_geometries(folder, of_take, kind=BEST, mark=mark)
    assert kept.geometries_of(folder, BEST) is of_take
    assert kept.geometries_of(folder, RAW) is None
    kept.keep_geometries(folder, by_frame, kind=RAW, mark=mark)
    assert kept.geometries_of(folder, BEST) is of_take
    assert kept.geometries_of(folder, RAW) is by_frame
    assert kept.geometries_of(folder, SmoothSettings(scale="iris").geometry_kind) is None


def test_a_take_that_was_captured_anew_is_not_known(tmp_path):
    (tmp_path / "take.json").write_text("{}")
    folder = str(tmp_path)
    kept = SolvedTakes()
    kept.keep_geometries(folder, {0: object()}, kind=BEST, mark=take_mark(tmp_path))
    (tmp_path / "new.json").write_text("{ }")
    (tmp_path / "new.json").replace(tmp_path / "take.json")
    assert kept.geometries_of(folder, BEST) is None
    kept.keep_geometries(folder, {0: object()}, kind=RAW, mark=take_mark(tmp_path))
    assert kept.geometries_of(folder, BEST) is None


def test_smoothing_alone_needs_no_other_geometries():
    assert SmoothSettings(motion_threshold=3.0).geometry_kind == BEST
    assert SmoothSettings(mode="none", depth="take").geometry_kind == BEST
    assert RAW != BEST

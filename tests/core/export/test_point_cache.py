import struct

import numpy as np
import pytest

from mien.core.errors import ExportError, RangeError, ShapeError
from mien.core.export import point_cache, read_mdd, read_pc2, write_mdd, write_pc2


def _positions(n_samples: int = 5, n: int = 7) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n_samples, n, 3)).astype(np.float32)


def test_pc2_survives_writing_and_reading_bit_for_bit(tmp_path):
    write_pc2(tmp_path / "face.pc2", _positions(), start_frame=12.5, sample_rate=0.5)
    found = read_pc2(tmp_path / "face.pc2")
    assert np.array_equal(found.positions, _positions())
    assert (found.start_frame, found.sample_rate) == (12.5, 0.5)


def test_mdd_survives_writing_and_reading_bit_for_bit(tmp_path):
    times_s = np.array([0.0, 0.04, 0.09, 0.12, 1.0], np.float32)
    write_mdd(tmp_path / "face.mdd", _positions(), times_s=times_s)
    found = read_mdd(tmp_path / "face.mdd")
    assert np.array_equal(found.positions, _positions())
    assert np.array_equal(found.times_s, times_s)


def test_pc2_bytes_are_those_of_the_format(tmp_path):
    write_pc2(tmp_path / "face.pc2", np.arange(6.0).reshape(1, 2, 3), start_frame=3.0)
    expected = b"POINTCACHE2\0" + struct.pack("<iiffi6f", 1, 2, 3.0, 1.0, 1, *range(6))
    assert (tmp_path / "face.pc2").read_bytes() == expected


def test_mdd_bytes_are_those_of_the_format(tmp_path):
    write_mdd(tmp_path / "face.mdd", np.arange(6.0).reshape(2, 1, 3), times_s=np.array([0, 0.5]))
    expected = struct.pack(">ii2f6f", 2, 1, 0.0, 0.5, *range(6))
    assert (tmp_path / "face.mdd").read_bytes() == expected


@pytest.mark.parametrize("chunk_bytes", [1, 200, 1 << 20])
def test_the_size_of_chunks_leaves_no_trace(tmp_path, monkeypatch, chunk_bytes):
    monkeypatch.setattr(point_cache, "_CHUNK_BYTES", chunk_bytes)
    write_pc2(tmp_path / "face.pc2", _positions(11), start_frame=0.0)
    assert np.array_equal(read_pc2(tmp_path / "face.pc2").positions, _positions(11))


def test_lost_frames_are_refused_and_named(tmp_path):
    positions = _positions()
    positions[3, 2, 1] = np.nan
    with pytest.raises(RangeError, match="got a lost frame in 0 … 4: hold the last seen one"):
        write_mdd(tmp_path / "face.mdd", positions, times_s=np.arange(5))
    assert list(tmp_path.iterdir()) == []


def test_shapes_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(ShapeError, match="positions must have shape"):
        write_pc2(tmp_path / "face.pc2", np.zeros((4, 3)), start_frame=0.0)
    with pytest.raises(ShapeError, match=r"times_s must have shape \(5\), got \(4,\)"):
        write_mdd(tmp_path / "face.mdd", _positions(), times_s=np.arange(4))


@pytest.mark.parametrize("cut", [-1, -12, 40, 10, 0])
@pytest.mark.parametrize("suffix", ["pc2", "mdd"])
def test_a_cache_that_was_cut_off_is_refused(tmp_path, suffix, cut):
    path = tmp_path / f"face.{suffix}"
    if suffix == "pc2":
        write_pc2(path, _positions(), start_frame=0.0)
    else:
        write_mdd(path, _positions(), times_s=np.arange(5))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ExportError, match="Export it again"):
        read_pc2(path) if suffix == "pc2" else read_mdd(path)


def test_another_file_is_no_cache(tmp_path):
    path = tmp_path / "face.pc2"
    path.write_bytes(b"something else, long enough for a header")
    with pytest.raises(ExportError, match=r"'face.pc2' is not a PC2 point cache"):
        read_pc2(path)
    with pytest.raises(ExportError, match=r"'face.pc2' is damaged"):
        read_mdd(path)
    with pytest.raises(ExportError, match=r"no.mdd' cannot be read: No such file"):
        read_mdd(tmp_path / "no.mdd")

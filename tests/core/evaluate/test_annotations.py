"""Annotations are read as SciPy and the data sets' descriptions read them, damage is named."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from made_data import square_face, write_mat, write_pts

from mien.core.errors import CannotDecode
from mien.core.evaluate.annotations import read_annotation
from mien.core.evaluate.mat_file import read_mat

scipy_io = pytest.importorskip("scipy.io", reason="SciPy is not installed")


@pytest.mark.parametrize("is_compressed", [True, False])
def test_a_mat_gives_points_and_yaw(tmp_path, is_compressed):
    write_mat(tmp_path / "a.mat", square_face(), -47.5, is_compressed=is_compressed)
    found = read_annotation(tmp_path / "a.mat")
    assert found.points_px == pytest.approx(square_face(), abs=1e-12)
    assert np.degrees(found.yaw_rad) == pytest.approx(-47.5, abs=1e-5)


@pytest.mark.parametrize("is_compressed", [True, False])
@pytest.mark.parametrize("kind", ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"])
def test_arrays_of_every_kind_are_read_as_scipy_reads_them(tmp_path, kind, is_compressed):
    values = np.arange(-3, 21).reshape(2, 3, 4)
    values = (values if kind[0] != "u" else values + 3).astype(kind)
    path = tmp_path / "a.mat"
    others = {"x": {"y": 1}, "cells": np.array([1, "a"], object), "empty": np.zeros((0, 3))}
    scipy_io.savemat(path, {**others, "v": values, "s": 2.5}, do_compression=is_compressed)
    found = read_mat(path.read_bytes(), ("v", "s", "empty"), subject="a")
    assert found["v"].dtype == np.float64 and (found["v"] == values).all()
    assert found["s"].tolist() == [[2.5]] and found["empty"].shape == (0, 3)


def big_endian_mat(name, values):
    """Write a matrix by hand as a SPARC would, after the document."""

    def element(kind, content):
        head = np.array([kind, len(content)], ">u4").tobytes()
        return head + content.ljust(-(-len(content) // 8) * 8, b"\0")

    parts = element(6, np.array([6, 0], ">u4").tobytes())
    parts += element(5, np.array(values.shape, ">i4").tobytes())
    parts += element(1, name.encode())
    parts += element(9, values.astype(">f8").tobytes(order="F"))
    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\1\0" + b"MI"
    return header + element(14, parts)


def test_files_of_big_endian_machines_are_read():
    values = np.arange(6.0).reshape(2, 3)
    found = read_mat(big_endian_mat("abcdef", values), ("abcdef",), subject="a")
    assert (found["abcdef"] == values).all()


@pytest.mark.parametrize("is_compressed", [True, False])
def test_a_mat_cut_short_anywhere_is_an_error(tmp_path, is_compressed):
    path = tmp_path / "a.mat"
    write_mat(path, square_face(), 10.0, is_compressed=is_compressed)
    data = path.read_bytes()
    for length in [0, 10, 127, 128, *range(129, len(data) - 1, len(data) // 40)]:
        path.write_bytes(data[:length])
        with pytest.raises(CannotDecode, match=r"Annotation 'a\.mat'"):
            read_annotation(path)


def test_a_mat_with_changed_bytes_is_read_or_refused_with_words(tmp_path):
    path, rng = tmp_path / "a.mat", np.random.default_rng(2)
    write_mat(path, square_face(), 10.0, is_compressed=False)
    data = np.frombuffer(path.read_bytes(), np.uint8)
    for _ in range(300):
        damaged = data.copy()
        damaged[rng.integers(len(data), size=3)] = rng.integers(0, 256, 3)
        path.write_bytes(damaged.tobytes())
        try:
            read_annotation(path)
        except CannotDecode:
            pass


def test_other_versions_and_missing_or_odd_arrays_are_named(tmp_path):
    path = tmp_path / "a.mat"
    cases = [
        ({"pt3d_68": np.zeros((3, 68))}, r"lacks 'Pose_Para'"),
        ({"Pose_Para": np.zeros((1, 7))}, r"lacks 'pt3d_68'"),
        ({"pt3d_68": np.ones((3, 21)), "Pose_Para": np.zeros(7)}, r"\(3, 68\), got \(3, 21\)"),
        ({"pt3d_68": np.ones((3, 68)), "Pose_Para": np.zeros(7)}, r"all on one line"),
        ({"pt3d_68": square_face().T * np.nan, "Pose_Para": np.zeros(7)}, r"are no numbers"),
        ({"pt3d_68": square_face().T, "Pose_Para": [0.0]}, r"must hold pitch, yaw and roll"),
        ({"pt3d_68": square_face().T, "Pose_Para": "text"}, r"no array of real numbers"),
        ({"pt3d_68": square_face().T * 1j, "Pose_Para": [0.0]}, r"no array of real numbers"),
    ]
    for arrays, expected in cases:
        scipy_io.savemat(path, arrays)
        with pytest.raises(CannotDecode, match=expected):
            read_annotation(path)
    scipy_io.savemat(path, {"pt3d_68": np.zeros((3, 68))}, format="4")
    with pytest.raises(CannotDecode, match="no MATLAB file of version 5"):
        read_annotation(path)
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(512))
    with pytest.raises(CannotDecode, match=r"version 7\.3"):
        read_annotation(path)


def test_a_pts_counts_pixels_from_1_as_matlab_does(tmp_path):
    """An example's first lines as the data set's page shows them: the corner pixel is (1, 1)."""
    path = tmp_path / "a.pts"
    write_pts(path, square_face())
    found = read_annotation(path)
    assert found.points_px == pytest.approx(square_face(), abs=1e-6) and found.yaw_rad is None
    path.write_text("version: 1\nn_points: 68\n{\n1 1\n" + "336.8 240.9\n" * 67 + "}")
    assert read_annotation(path).points_px[0].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "no points in braces"),
        ("version: 1\nn_points: 68\n{\n1 2\n", "no points in braces"),
        ("version: 1\nn_points: 3\n{\n1 2\n3 4\n5 7\n}", "68 points, got 3, and says 3"),
        ("n_points: 68\n{" + "1 2\n" * 67 + "1\n}", r"68 points, got 67\.5, and says 68"),
        ("{" + "1 2\n" * 67 + "1 x\n}", "holds what is no number"),
        ("{" + "1 2\n" * 68 + "}", "all on one line"),
        ("{" + "1 2\n" * 67 + "nan 3\n}", "are no numbers"),
    ],
)
def test_a_damaged_pts_is_named(tmp_path, text, expected):
    path = tmp_path / "b.pts"
    path.write_text(text)
    with pytest.raises(CannotDecode, match=rf"'b\.pts'.*{expected}"):
        read_annotation(path)

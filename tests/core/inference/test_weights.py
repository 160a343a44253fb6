"""Weight files are found by name, checked, and named when something is wrong."""

import hashlib
import json
import sys
from pathlib import Path

import pytest

from mien.core.errors import WeightsCorrupt, WeightsMissing
from mien.core.inference import weights as weights_module
from mien.core.inference.weights import (
    assets_folder,
    find_weights,
    list_weights,
    open_network,
    user_folder,
    verify_weights,
)


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """Return a folder of the user's own that holds one file under a bundled name."""
    monkeypatch.setenv("MIEN_USER_DIR", str(tmp_path))
    path = tmp_path / "face_landmark_468.onnx"
    path.write_bytes(b"my own weights")
    entry = {
        "file": path.name,
        "sha256": hashlib.sha256(b"my own weights").hexdigest(),
        "engine": "facemesh-468",
        "origin": "imported from 'x'",
        "licence": "mine",
    }
    (tmp_path / "assets.json").write_text(json.dumps({"format": 1, "assets": [entry]}), "utf-8")
    return tmp_path


@pytest.fixture
def no_own_files(tmp_path, monkeypatch):
    """Leave only the bundled files."""
    monkeypatch.setenv("MIEN_USER_DIR", str(tmp_path / "none"))


def test_bundled_files_are_found_and_right(no_own_files):
    names = {
        "face_landmark_468",
        "face_landmark_478",
        "face_detection_short_range",
        "face_detection_full_range",
        "canonical_face_468",
        "canonical_face_478",
        "position_map_layout",
        "position_map_128",
    }
    assert {w.name for w in list_weights()} == names
    assert set(verify_weights().values()) == {""}
    found = find_weights("face_landmark_468")
    assert found.is_bundled and found.path == assets_folder() / "face_landmark_468.onnx"
    assert found.origin.startswith("PyPI mediapipe==0.10.21")


def test_the_users_file_wins_over_a_bundled_one_of_its_name(own_folder):
    found = find_weights("face_landmark_468")
    assert not found.is_bundled and found.path.parent == own_folder
    assert find_weights("face_detection_short_range").is_bundled


def test_a_changed_file_is_refused_before_it_is_loaded(own_folder):
    (own_folder / "face_landmark_468.onnx").write_bytes(b"my own weightz")
    with pytest.raises(WeightsCorrupt, match=r"SHA-256 is [0-9a-f]{64}, expected [0-9a-f]{64}"):
        open_network("face_landmark_468")
    wrong = [text for text in verify_weights().values() if text]
    assert len(wrong) == 1 and "Import them again." in wrong[0]


def test_a_changed_bundled_file_asks_for_a_new_installation(tmp_path, monkeypatch, no_own_files):
    for path in assets_folder().iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "face_landmark_468.onnx").write_bytes(b"")
    monkeypatch.setattr(weights_module, "assets_folder", lambda: tmp_path)
    with pytest.raises(WeightsCorrupt, match=r"Install Mien again\."):
        find_weights("face_landmark_468")


def test_a_file_that_went_away_is_named_with_its_folder(own_folder):
    (own_folder / "face_landmark_468.onnx").unlink()
    with pytest.raises(WeightsMissing, match=r"'face_landmark_468\.onnx' are missing from '"):
        find_weights("face_landmark_468")


def test_an_unknown_name_lists_what_there_is(no_own_files):
    with pytest.raises(WeightsMissing) as caught:
        find_weights("prnet")
    assert "Weights 'prnet' are missing from" in str(caught.value)
    assert "canonical_face_478, face_detection_full_range, face_detection_" in str(caught.value)
    assert "mien models import FILE" in str(caught.value)


def test_a_manifest_that_is_no_text_is_damaged(own_folder):
    (own_folder / "assets.json").write_bytes(b"\xff\xfe")
    with pytest.raises(WeightsCorrupt, match="Delete it and import the weights again"):
        list_weights()


def test_a_users_folder_that_is_a_file_is_named(tmp_path, monkeypatch):
    (tmp_path / "mien").write_text("mine")
    monkeypatch.setenv("MIEN_USER_DIR", str(tmp_path / "mien"))
    with pytest.raises(
        WeightsMissing, match=r"mien.*cannot be read.*name another one in MIEN_USER"
    ):
        list_weights()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"assets": [{"file": "a.onnx"}]}', "\x00"])
def test_a_damaged_manifest_says_what_to_do(own_folder, text):
    (own_folder / "assets.json").write_text(text, "utf-8")
    with pytest.raises(WeightsCorrupt, match="Delete it and import the weights again"):
        list_weights()


@pytest.mark.parametrize(
    ("platform", "variable", "place"),
    [
        ("linux", "XDG_DATA_HOME", "mien"),
        ("win32", "APPDATA", "mien"),
    ],
)
def test_the_users_folder_is_where_the_system_keeps_data(
    tmp_path, monkeypatch, platform, variable, place
):
    monkeypatch.delenv("MIEN_USER_DIR", raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert user_folder() == tmp_path / place


@pytest.mark.parametrize(
    ("platform", "place"),
    [
        ("linux", ".local/share/mien"),
        ("darwin", "Library/Application Support/mien"),
        ("win32", "AppData/Roaming/mien"),
    ],
)
def test_without_variables_the_users_folder_lies_in_the_home(
    tmp_path, monkeypatch, platform, place
):
    for variable in ("MIEN_USER_DIR", "XDG_DATA_HOME", "APPDATA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert user_folder() == tmp_path / place

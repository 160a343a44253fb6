from __future__ import annotations

import hashlib
import json

import pytest

from mien.core.inference import user_folder


@pytest.fixture
def own_weights(tmp_path, monkeypatch):
    """A weight file in the user's folder, with its entry in the manifest."""
    monkeypatch.setenv("MIEN_USER_DIR", str(tmp_path / "user"))
    folder = user_folder()
    folder.mkdir(parents=True)
    path = folder / "mine.onnx"
    path.write_bytes(b"weights")
    entry = {
        "file": "mine.onnx",
        "sha256": hashlib.sha256(b"weights").hexdigest(),
        "origin": "made up",
        "licence": "CC0-1.0",
        "engine": "none",
    }
    (folder / "assets.json").write_text(json.dumps({"assets": [entry]}))
    return path


def test_weights_are_listed_with_their_licence(mien, mien_json, own_weights):
    code, out, err = mien("models", "list")
    assert (code, err) == (0, "")
    assert "mine  (none, imported, CC0-1.0)" in out.splitlines()
    code, values = mien_json("models", "list")
    (found,) = [one for one in values["weights"] if not one["is_bundled"]]
    assert (found["path"], found["origin"]) == (str(own_weights), "made up")


def test_whole_weights_are_verified(mien, own_weights):
    code, out, _ = mien("models", "verify")
    assert code == 0 and "ok  mine  (none, imported, CC0-1.0)" in out.splitlines()


def test_changed_and_missing_weights_end_with_3_and_are_named(mien, mien_json, own_weights):
    own_weights.write_bytes(b"changed")
    code, out, err = mien("models", "verify")
    assert (code, out) == (3, "") and "mine.onnx' are damaged" in err
    own_weights.unlink()
    code, values = mien_json("models", "verify")
    assert (code, values["error"]) == (3, "WeightsCorrupt")
    assert "'mine.onnx' are missing" in values["message"]


def test_what_is_no_weight_file_is_not_imported(mien, own_weights, tmp_path):
    assert mien("models", "import", tmp_path / "nowhere.pth")[0] == 3
    (tmp_path / "notes.txt").write_text("hello")
    code, out, err = mien("models", "import", tmp_path / "notes.txt")
    assert (code, out) == (3, "") and "notes.txt" in err
    assert [path.name for path in sorted(user_folder().rglob("*.onnx"))] == ["mine.onnx"]

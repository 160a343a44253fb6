"""The shipped files are what their pinned public packages give."""

import hashlib
import json
import os
import shutil
import zipfile

import numpy as np
import pytest

from mien.core.convert import packages
from mien.core.convert.build_assets import convert_npm_package, convert_wheel, main
from mien.core.convert.recognise import recognise, reference_results
from mien.core.errors import BackendError, WeightsCorrupt
from mien.core.inference.weights import assets_folder


def test_the_readme_and_the_manifest_name_every_file_and_its_hash():
    folder = assets_folder()
    manifest = json.loads((folder / "assets.json").read_text("utf-8"))
    readme = (folder / "README.md").read_text("utf-8")
    papers = {"assets.json", "README.md", "LICENSE-Apache-2.0", "LICENSE-MIT-ICT-FaceKit"}
    assert {e["file"] for e in manifest["assets"]} == {p.name for p in folder.iterdir()} - papers
    for entry in manifest["assets"]:
        found = hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest()
        assert found == entry["sha256"], entry["file"]
        row = next(line for line in readme.splitlines() if f"| `{entry['file']}`" in line)
        assert found in row and entry["licence"] in row
        assert entry["origin"].split(",")[0].split()[1] in row


def test_without_npm_the_message_names_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackendError, match="the program 'npm' was not found"):
        packages.fetch_npm_package(tmp_path)


def test_a_failing_program_is_quoted_and_the_command_line_says_so(tmp_path, monkeypatch, capsys):
    (tmp_path / "npm").write_text("#!/bin/sh\necho 'no such package' >&2\nexit 7\n")
    (tmp_path / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(packages, "fetch_pypi_wheel", lambda folder: folder)
    assert main(["--out", str(tmp_path / "out")]) == 3
    said = capsys.readouterr().out
    assert "failed with exit code 7: no such package" in said
    assert not (tmp_path / "out").exists()


def test_a_changed_member_is_an_error(tmp_path):
    wheel = tmp_path / "mediapipe.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(packages.LANDMARK_TFLITE.path, b"changed")
    with pytest.raises(WeightsCorrupt, match="expected 1055cb9d"):
        packages.read_wheel_member(wheel, packages.LANDMARK_TFLITE)


@pytest.mark.assets
def test_the_shipped_networks_are_rebuilt_byte_for_byte(wheel):
    for asset in convert_wheel(wheel):
        shipped = (assets_folder() / asset.file).read_bytes()
        assert asset.data == shipped, f"{asset.file} differs; rebuild it with `make assets`"


@pytest.mark.assets
def test_the_shipped_canonical_face_is_rebuilt_byte_for_byte(tmp_path):
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed; it holds the canonical face")
    for asset in convert_npm_package(packages.fetch_npm_package(tmp_path)):
        assert asset.data == (assets_folder() / asset.file).read_bytes()


@pytest.mark.assets
@pytest.mark.parametrize("member", [packages.LANDMARK_TFLITE, packages.DETECTOR_TFLITE])
def test_torch_agrees_with_litert(wheel, member):
    interpreter_module = pytest.importorskip(
        "ai_edge_litert.interpreter", reason="ai-edge-litert is not installed"
    )
    data = packages.read_wheel_member(wheel, member)
    model = recognise(data, subject="test")
    interpreter = interpreter_module.Interpreter(model_content=data, num_threads=1)
    interpreter.allocate_tensors()
    shape = (1, *model.graph.image_size, 3)
    image = np.random.default_rng(16).integers(0, 256, shape, np.uint8)
    is_detector = member is packages.DETECTOR_TFLITE
    values = image / 127.5 - 1 if is_detector else image / 255
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values.astype(np.float32))
    interpreter.invoke()
    found = [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]
    by_size = {array.size: array.ravel().astype(np.float64) for array in found}
    results = reference_results(model.network, image)
    if not is_detector:
        by_size[1] = 1 / (1 + np.exp(-by_size[1]))
    for name, array in results.items():
        assert np.abs(array.ravel() - by_size[array.size]).max() < 1e-3, name

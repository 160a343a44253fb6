"""A library that is missing, broken or too old is named, with the place that it came from."""

import sys
from types import ModuleType

import pytest

from mien.core.errors import BackendError
from mien.core.inference.devices import OLDEST_ONNXRUNTIME, available_devices
from mien.core.inference.library import load_library


def load(name="some_library"):
    return load_library(name, name="Some Library", package="some-library", oldest=(1, 18))


@pytest.fixture
def library(tmp_path, monkeypatch):
    """Return a function: the text of a package → it can be imported; and its folder."""
    folder = tmp_path / "old add-on" / "some_library"
    folder.mkdir(parents=True)
    monkeypatch.syspath_prepend(str(folder.parent))
    monkeypatch.delitem(sys.modules, "some_library", raising=False)

    def write(text):
        (folder / "__init__.py").write_text(text)
        return folder

    yield write
    sys.modules.pop("some_library", None)


@pytest.mark.parametrize("version", ["1.18", "1.18.0", "1.18.1.post2", "1.20.0+cu12", "2.0-dev"])
def test_a_version_that_is_new_enough_is_returned(library, version):
    library(f"__version__ = {version!r}")
    assert load().__version__ == version


@pytest.mark.parametrize("version", ["1.17.3", "1.9", "0.99", "1.17-dev", "1"])
def test_an_old_version_is_named_with_its_place_and_the_version_needed(library, version):
    folder = library(f"__version__ = {version!r}")
    with pytest.raises(BackendError) as caught:
        load()
    assert str(caught.value) == (
        f"Some Library {version} is too old: 1.18 or newer is needed. It was loaded from "
        f"'{folder}'. In Blender, restart it; if that does not help, disable the add-on that "
        "brings this copy, and disable and enable Mien. Elsewhere: pip install --upgrade "
        "some-library"
    )


def test_what_is_left_of_a_removed_copy_is_named(tmp_path, monkeypatch):
    (tmp_path / "some_library").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(BackendError, match=r"Some Library in '.*some_library' is broken: it holds"):
        load()


def test_a_copy_that_cannot_be_loaded_says_why(library):
    folder = library("raise ImportError('numpy.core.multiarray failed to import')")
    with pytest.raises(BackendError, match=r"cannot be loaded: numpy\.core\.multi") as caught:
        load()
    assert f"Some Library in '{folder}' cannot" in str(caught.value)


def test_a_copy_that_cannot_be_loaded_without_a_reason_gets_one(library):
    library("raise ImportError('')")
    with pytest.raises(BackendError, match=r"cannot be loaded: it does not fit this Python or"):
        load()


def test_a_copy_that_lacks_a_library_of_its_own_is_not_called_missing(library):
    library("import no_such_library_either")
    with pytest.raises(BackendError, match=r"cannot be loaded: No module named 'no_such_lib"):
        load()


def test_a_missing_library_says_what_to_do_in_blender_and_elsewhere():
    with pytest.raises(BackendError) as caught:
        load("no_such_library")
    assert str(caught.value) == (
        "Some Library is missing: the Python package 'some-library' cannot be imported. In "
        "Blender, disable Mien and enable it again. Elsewhere: pip install some-library"
    )


def test_an_old_onnx_runtime_is_named(monkeypatch):
    # As when a legacy add-on has imported its own already.
    old = ModuleType("onnxruntime")
    old.__version__, old.__file__ = "1.17.3", "/addons/old/onnxruntime/__init__.py"
    monkeypatch.setitem(sys.modules, "onnxruntime", old)
    with pytest.raises(BackendError, match=r"^ONNX Runtime 1\.17\.3 is too old: 1\.18 or newer"):
        available_devices()


def test_our_files_say_which_onnx_runtime_they_need():
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    from mien.core.inference.weights import find_weights

    # onnxruntime.ai/docs/reference/compatibility: 1.18 is the first that reads IR version 10.
    first_of_ir = {8: (1, 11), 9: (1, 16), 10: (1, 18)}
    for name in ("face_landmark_468", "face_detection_short_range"):
        version = onnx.load(find_weights(name).path).ir_version
        assert first_of_ir[version] <= OLDEST_ONNXRUNTIME

"""OpenCV is loaded quietly, and an old copy is named."""

import sys
from types import ModuleType, SimpleNamespace

import cv2
import pytest

from mien.core.errors import BackendError
from mien.core.source.backend import load_cv2


@pytest.fixture
def other_cv2(monkeypatch):
    """Return a function: version, attributes → that OpenCV was imported before us."""
    monkeypatch.delenv("OPENCV_LOG_LEVEL", raising=False)

    def put(version, **attributes):
        other = ModuleType("cv2")
        other.__version__, other.__file__ = version, "/addons/old/libs/cv2/__init__.py"
        vars(other).update(attributes)
        monkeypatch.setitem(sys.modules, "cv2", other)

    return put


def test_an_old_opencv_is_named_with_its_place(other_cv2):
    other_cv2("4.6.0")
    with pytest.raises(BackendError) as caught:
        load_cv2()
    assert str(caught.value).startswith(
        "OpenCV 4.6.0 is too old: 4.7 or newer is needed. It was loaded from '/addons/old/libs/"
        "cv2'. In Blender, restart it;"
    )


def test_a_missing_opencv_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(BackendError, match=r"^OpenCV is missing: .*'opencv-python-headless'"):
        load_cv2()


def test_the_log_is_silenced_wherever_a_version_keeps_it(other_cv2):
    levels = []
    other_cv2("4.12.0", setLogLevel=levels.append)
    load_cv2()
    logging = SimpleNamespace(setLogLevel=levels.append)
    other_cv2("4.13.0", utils=SimpleNamespace(logging=logging))
    load_cv2()
    assert levels == [0, 0]


def test_ours_is_new_enough():
    assert load_cv2() is cv2

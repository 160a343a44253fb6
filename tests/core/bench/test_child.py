"""Jobs run in Pythons that have what they need."""

import sys
import venv

import pytest

from mien.core.bench import child
from mien.core.bench.child import python_with, run_child
from mien.core.errors import BackendError

ABSENT = "a_module_that_nobody_has"


@pytest.fixture(scope="module")
def other_python(tmp_path_factory):
    """A Python of its own that has a module which this one lacks."""
    folder = tmp_path_factory.mktemp("other") / "environment"
    venv.create(folder, with_pip=False, symlinks=True)
    bin_name, python = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    (site,) = folder.rglob("site-packages")
    (site / f"{ABSENT}.py").write_text("")
    return str(folder / bin_name / python)


@pytest.fixture(autouse=True)
def nothing_beside(monkeypatch):
    monkeypatch.delenv(child.PYTHON_VARIABLE, raising=False)
    monkeypatch.setattr(child, "_BESIDE", ())


def test_this_python_is_taken_where_it_has_the_module(other_python):
    assert python_with("numpy", named=other_python) == sys.executable


def test_another_is_found_by_name_or_by_its_variable(other_python, monkeypatch, tmp_path):
    assert python_with(ABSENT) is None
    assert python_with(ABSENT, named=str(tmp_path / "no-python")) is None
    assert python_with(ABSENT, named=other_python) == other_python
    monkeypatch.setenv(child.PYTHON_VARIABLE, other_python)
    assert python_with(ABSENT) == other_python
    assert python_with(ABSENT, named=str(tmp_path / "no-python")) == other_python


def test_another_python_does_not_see_this_ones_packages(other_python):
    # Two builds of one package in one process crash; the other environment has its own.
    assert not child._has(other_python, "numpy")


def test_an_error_in_the_job_is_its_answer():
    job = {"module": "footage", "run": "write_footage", "portrait_file": "nowhere.npz"}
    answer = run_child({**job, "motion": {"size": [64, 64]}, "crf": None, "path": "clip.avi"})
    assert answer["error"] == "FileNotFoundError" and "nowhere.npz" in answer["message"]


def test_a_process_that_breaks_is_told_with_its_last_words():
    with pytest.raises(
        BackendError, match=r"(?s)^Measuring 'write' ended with exit code 1\..*No m"
    ):
        run_child({"module": "no_such_module", "run": "write"})

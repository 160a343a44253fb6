import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import ExportError
from mien.core.export import new_file, path_beside, write_pc2

posix_only = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX system")


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_file_gets_its_name_only_when_it_is_complete(tmp_path):
    target = tmp_path / "face é 1.pc2"
    with new_file(target) as file:
        file.write(b"whole")
        file.flush()
        assert not target.exists()
    assert target.read_bytes() == b"whole"
    assert _names(tmp_path) == [target.name]


def test_the_path_beside_has_the_suffix_and_the_folder(tmp_path):
    with path_beside(tmp_path / "face.mp4") as beside:
        assert (beside.parent, beside.suffix) == (tmp_path, ".mp4")
        beside.write_bytes(b"")
    assert _names(tmp_path) == ["face.mp4"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_the_old_file_is_there_and_nothing_else(tmp_path, error):
    target = tmp_path / "face.npz"
    target.write_bytes(b"old")
    with pytest.raises(error), new_file(target) as file:
        file.write(b"half")
        raise error
    assert target.read_bytes() == b"old"
    assert _names(tmp_path) == ["face.npz"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ExportError) as found, new_file(tmp_path / "no such" / "face.npz"):
        pytest.fail("nothing can be written there")
    assert str(found.value) == (
        f"'face.npz' cannot be written to '{tmp_path / 'no such'}': the folder does not exist. "
        "Create it, or choose another."
    )


def test_a_folder_of_the_files_name_stays(tmp_path):
    (tmp_path / "face.npz").mkdir()
    with pytest.raises(ExportError, match="a folder of that name is there"):
        with new_file(tmp_path / "face.npz"):
            pytest.fail("the name is taken")
    assert _names(tmp_path) == ["face.npz"]


@posix_only
def test_a_folder_without_permission_is_said_so(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)  # root may write anywhere
    try:
        with pytest.raises(ExportError, match=r"no permission .* Choose another folder"):
            with new_file(folder / "face.npz"):
                pytest.fail("nothing can be written there")
    finally:
        if is_root:
            os.seteuid(0)
    assert _names(folder) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is missing")
def test_a_full_disk_is_said_so_and_nothing_is_left(tmp_path):
    with pytest.raises(ExportError, match=r"the disk is full\. Free some space"):
        with path_beside(tmp_path / "face.npz") as beside:
            beside.write_bytes(b"first half")
            Path("/dev/full").write_bytes(b"second half")
    assert _names(tmp_path) == []


@posix_only
def test_a_write_that_the_system_cuts_short_leaves_nothing(tmp_path):
    program = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
import numpy as np
from mien.core.export import write_pc2
write_pc2({str(tmp_path / "face.pc2")!r}, np.zeros((100, 468, 3), np.float32), start_frame=0.0)
"""
    outcome = subprocess.run(
        [sys.executable, "-B", "-c", program], capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 1
    last = outcome.stderr.strip().splitlines()[-1]
    assert last.startswith("mien.core.errors.ExportError: 'face.pc2' cannot be written to")
    assert os.strerror(errno.EFBIG) in last
    assert _names(tmp_path) == []


def test_what_cannot_be_exported_leaves_the_old_file(tmp_path):
    write_pc2(tmp_path / "face.pc2", np.zeros((2, 4, 3)), start_frame=0.0)
    before = (tmp_path / "face.pc2").read_bytes()
    with pytest.raises(ValueError, match="positions must be finite"):
        write_pc2(tmp_path / "face.pc2", np.full((2, 4, 3), np.nan), start_frame=0.0)
    assert (tmp_path / "face.pc2").read_bytes() == before
    assert _names(tmp_path) == ["face.pc2"]

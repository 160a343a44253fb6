"""Several processes share a training, as torchrun starts them."""

import json
import os
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("onnxscript", reason="onnxscript is not installed")

from mien.core.training.pair_maker import PairMaker  # noqa: E402
from mien.core.training.pair_store import make_pairs, pair_path, write_pairs  # noqa: E402
from mien.core.training.prnet_data import PrnetTables, save_tables  # noqa: E402


@pytest.fixture
def folder(tmp_path, face_model, layout, head, basis, gallery, maker):
    """The folder of a training whose pairs are all made."""
    save_tables(tmp_path, PrnetTables(basis, layout.landmarks_uv, gallery.facemesh_uv))
    held_out = PairMaker(face_model, layout, head, basis, gallery, held_out=True)
    write_pairs(pair_path(tmp_path / "pairs", 0), make_pairs(maker, 0, 8))
    for number in range(2):
        path = pair_path(tmp_path / "pairs", number, held_out=True)
        write_pairs(path, make_pairs(held_out, 0, 4))
    return tmp_path


@pytest.mark.parametrize("how_long", [("--steps", "2"), ("--minutes", "0.01")])
def test_two_processes_give_one_network(folder, how_long):
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
        *("-m", "mien", "train", "prnet", "--data", str(folder), "--out", str(folder)),
        *("--pair-files", "1", "--batch", "4", "--train-threads", "1", *how_long),
    ]
    ended = subprocess.run(
        command,
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["step"] >= 1 and metrics["nme"] > 0
    assert (folder / "position_map_128.onnx").stat().st_size > 100_000

"""From portraits to the file, on a tiny set."""

import json

import numpy as np
import pytest

from mien.core.errors import TrainingDataError

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("onnxscript", reason="onnxscript is not installed")

import onnxruntime  # noqa: E402

from mien.core.training import pair_store, prnet_training  # noqa: E402
from mien.core.training.prnet_data import (  # noqa: E402
    TABLES_FILE,
    PrnetData,
    PrnetTables,
    load_tables,
    save_tables,
)
from mien.core.training.prnet_training import PrnetPlan, train_prnet  # noqa: E402
from mien.core.training.training_loop import TrainingSettings  # noqa: E402


@pytest.fixture
def tables(basis, layout, gallery):
    return PrnetTables(basis, layout.landmarks_uv, gallery.facemesh_uv)


def test_a_training_makes_pairs_measures_and_exports(
    tmp_path, monkeypatch, face_model, layout, gallery, tables
):
    asked = []

    def prepare(data, *, tables=None):
        asked.append(data)
        return PrnetData(face_model, layout, gallery, tables or made)

    made = tables
    monkeypatch.setattr(prnet_training, "prepare", prepare)
    monkeypatch.setattr(pair_store, "PAIRS_A_FILE", 10)
    plan = PrnetPlan(
        data=tmp_path / "data",
        out=tmp_path / "out",
        settings=TrainingSettings(n_steps=3, batch_size=4, log_steps=1),
        n_files=2,
    )
    found = train_prnet(plan)
    assert asked == [tmp_path / "data"]
    assert found.step == 3 and np.isfinite(found.metrics["nme"])
    session = onnxruntime.InferenceSession(found.file.read_bytes())
    positions, _ = session.run(None, {"image": np.zeros((1, 128, 128, 3), np.uint8)})
    assert positions.shape == (1, 128, 128, 3) and np.isfinite(positions).all()
    metrics = json.loads((plan.out / "metrics.json").read_text())
    assert metrics["step"] == 3 and metrics["nme"] == found.metrics["nme"]
    assert (plan.out / "curves.png").stat().st_size > 1000


def test_tables_are_kept_as_they_were(tmp_path, tables):
    assert load_tables(tmp_path) is None
    save_tables(tmp_path, tables)
    again = load_tables(tmp_path)
    assert (again.basis.maps == tables.basis.maps).all()
    assert (again.facemesh_uv == tables.facemesh_uv).all()
    (tmp_path / TABLES_FILE).write_bytes(b"")
    with pytest.raises(TrainingDataError, match="start in another folder"):
        load_tables(tmp_path)


def test_counts_are_those_of_a_training(tmp_path, capsys):
    from mien.core.cli.command import main

    words = ["train", "prnet", "--data", str(tmp_path), "--out", str(tmp_path / "out")]
    many = ["--steps", "16000", "--seed", "0", "--pair-files", "400", "--batch", "256"]
    assert main([*words, *many], scene_writer=None) == 3
    assert "ict_facekit_light.npz' cannot be read" in capsys.readouterr().err
    for option, value in (("--steps", "0"), ("--seed", "-1"), ("--batch", "x")):
        assert main([*words, option, value], scene_writer=None) == 2
        assert f"'{value}' is no whole number (1 to" in capsys.readouterr().err


def test_a_part_alone_needs_the_rest(tmp_path, capsys):
    from mien.core.cli.command import main

    words = ["train", "prnet", "--data", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main([*words, "--part", "close-look"], scene_writer=None) == 2
    assert "say --resume" in capsys.readouterr().err


def test_missing_data_is_an_unusable_input(tmp_path, capsys):
    from mien.core.cli.command import main

    words = ["train", "prnet", "--data", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main(words, scene_writer=None) == 3
    assert "ict_facekit_light.npz' cannot be read" in capsys.readouterr().err

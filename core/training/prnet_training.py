"""Trains the position-map network, from portraits to the ONNX file.

Several processes may share one training: started by torchrun, each takes its own batches, and the
first one makes the pairs and writes the files.
"""

from __future__ import annotations

import json
import logging
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..arrays import FloatArray
from ..convert.onnx_export import onnx_from_graph
from ..convert.position_map_export import POSITION_MAP_FILE, PositionMapGraph
from ..networks.position_map import PositionMapNetwork
from .batches import Batch, BatchMaker
from .evaluation import YAW_BINS, evaluate
from .layout_tables import sampling_matrix
from .openings import opening_tables
from .pair_store import PairFile, fill_in_background, fill_store, pair_path, read_pairs
from .position_loss import PositionLoss
from .prefetch import Prefetch
from .prnet_data import PrnetTables, load_tables, prepare, save_tables
from .training_curves import draw_curves, write_picture
from .training_loop import Training, TrainingSettings, Workers

_log = logging.getLogger(__name__)

PAIRS_FOLDER = "pairs"
METRICS_FILE, CURVES_PICTURE, ERRORS_PICTURE = "metrics.json", "curves.png", "errors.png"
N_HELD_OUT_FILES = 2
_LOOK_EVERY = 200
"""After so many steps new pairs are looked for."""
_WAIT_S = 2.0


@dataclass(frozen=True, slots=True)
class PrnetPlan:
    """A training of the position-map network.

    `data` as in `prnet_data.prepare`; `out` gets pairs, checkpoints, curves, metrics and the ONNX
    file; `n_files` of 500 pairs each are made, while training goes on with those that are there.
    """

    data: Path
    out: Path
    settings: TrainingSettings = field(default_factory=TrainingSettings)
    n_files: int = 60
    is_resumed: bool = False
    device: str = ""


@dataclass(frozen=True, slots=True)
class PrnetResult:
    """What a training gave: the file, errors on faces of people never seen, and how far it went."""

    file: Path
    metrics: dict[str, float]
    step: int
    elapsed_s: float


def train_prnet(plan: PrnetPlan, *, check: Callable[[], None] = lambda: None) -> PrnetResult:
    """Train, evaluate, and export.

    Parameters
    ----------
    plan : what, where, how long
    check : called before each step; may raise `Cancelled`, then a checkpoint is written

    Raises
    ------
    TrainingDataError
        The face model, the portraits or a file of an earlier run are missing or damaged, or the
        disk is full.
    TrainingDiverged
        The loss is not a number; the last good checkpoint stays.
    Cancelled
        By `check`.
    """
    import cv2

    # Its pictures are small: threads of its own would only take time from the network's.
    cv2.setNumThreads(1)
    workers = _workers(plan.device)
    torch.manual_seed(plan.settings.seed)
    tables = _prepared(plan, workers)
    pairs = _Pairs(plan.out / PAIRS_FOLDER)
    network = network_from_tables(tables)
    maker = BatchMaker(tables.basis.sign, seed=plan.settings.seed)

    def batch(step: int) -> Batch:
        files = pairs.known(look=step % _LOOK_EVERY == 0)
        size = plan.settings.batch_size
        return maker.batch(files, step=step, size=size, rank=workers.rank)

    def measure(average: nn.Module) -> dict[str, float]:
        return held_out_errors(average, tables, plan.out / PAIRS_FOLDER)

    with Prefetch(batch) as batches:
        training = Training(
            network,
            PositionLoss(tables.basis, tables.landmarks_uv, tables.facemesh_uv),
            batches,
            folder=plan.out,
            settings=plan.settings,
            workers=workers,
            evaluate=measure,
            check=check,
        )
        if plan.is_resumed:
            training.resume()
        training.run()
    metrics = measure(training.average)
    if workers.count > 1:
        torch.distributed.destroy_process_group()
    if not workers.rank:
        _write_results(plan.out, training, metrics)
    return PrnetResult(
        plan.out / POSITION_MAP_FILE, metrics, training.state.step, training.state.elapsed_s
    )


def network_from_tables(tables: PrnetTables) -> PositionMapNetwork:
    """Return an untrained network with its basis."""
    basis = tables.basis
    network = PositionMapNetwork(len(basis.maps))
    network.set_basis(*_tensors(basis.flat, basis.mean, basis.spread))
    openings = opening_tables(basis, tables.landmarks_uv)
    network.close_look.set_openings(
        *_tensors(openings.places, openings.apart, openings.changes, openings.mean)
    )
    return network


def _tensors(*arrays: FloatArray) -> tuple[torch.Tensor, ...]:
    """Return arrays as tensors."""
    return tuple(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays)


def held_out_errors(network: nn.Module, tables: PrnetTables, folder: Path) -> dict[str, float]:
    """Measure a network on the pairs of people kept out of training.

    Returns
    -------
    dict
        `nme`, and `nme_0`, `nme_30`, `nme_60` of the bins of |yaw| from there, in shares;
        `lids_slope` and `lids_correlation`.
    """
    paths = [pair_path(folder, i, held_out=True) for i in range(N_HELD_OUT_FILES)]
    files = [read_pairs(path) for path in paths if path.exists()]
    if not files or not isinstance(network, PositionMapNetwork):
        return {}
    at = tables.basis.flat @ sampling_matrix(tables.landmarks_uv).T
    found = evaluate(network, files, at_landmarks=torch.from_numpy(np.asarray(at, np.float32)))
    _log.info("%s", found)
    bins = {f"nme_{low:.0f}": float(v) for (low, _), v in zip(YAW_BINS, found.share, strict=True)}
    slope, correlation = found.lids
    return {"nme": found.all_share, **bins, "lids_slope": slope, "lids_correlation": correlation}


class _Pairs:
    """The files of pairs that are there, read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[PairFile] = []

    def known(self, *, look: bool) -> list[PairFile]:
        """Return the files in order; waits for the first."""
        while look or not self._files:
            path = pair_path(self._folder, len(self._files))
            if path.exists():
                self._files.append(read_pairs(path))
            elif self._files:
                break
            else:
                time.sleep(_WAIT_S)
        return list(self._files)


def _prepared(plan: PrnetPlan, workers: Workers) -> PrnetTables:
    """Return the tables; the first process makes what is missing, and lets pairs be made."""
    folder = plan.out / PAIRS_FOLDER
    tables = load_tables(plan.out)
    if workers.rank:
        while tables is None:
            time.sleep(_WAIT_S)
            tables = load_tables(plan.out)
        return tables
    wanted = [pair_path(folder, number) for number in range(plan.n_files)]
    wanted += [pair_path(folder, i, held_out=True) for i in range(N_HELD_OUT_FILES)]
    if tables is not None and all(path.exists() for path in wanted):
        return tables
    data = prepare(plan.data, tables=tables)
    if tables is None:
        save_tables(plan.out, data.tables)
    seed = plan.settings.seed
    held_out = data.maker(held_out=True, seed=seed)
    for _ in fill_store(held_out, folder, n_files=N_HELD_OUT_FILES, held_out=True):
        pass
    fill_in_background(data.maker(seed=seed), folder, n_files=plan.n_files)
    return data.tables


def _workers(device: str) -> Workers:
    """Return which process this is, and join the others where torchrun started several."""
    count, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    has_gpu = torch.cuda.is_available()
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if count > 1:
        torch.distributed.init_process_group("nccl" if has_gpu else "gloo")
    return Workers(rank, count, device or (f"cuda:{local}" if has_gpu else "cpu"))


def _write_results(out: Path, training: Training, metrics: dict[str, float]) -> None:
    """Write the ONNX file, the metrics, and the curves as pictures."""
    average = training.average
    assert isinstance(average, PositionMapNetwork)
    (out / POSITION_MAP_FILE).write_bytes(onnx_from_graph(PositionMapGraph(average.cpu())))
    state = training.state
    # A bin without a face has no error, and JSON no word for that.
    known = {name: value for name, value in metrics.items() if math.isfinite(value)}
    values = {**known, "step": state.step, "elapsed_s": round(state.elapsed_s, 1)}
    (out / METRICS_FILE).write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    losses = draw_curves(
        state.curves,
        across="step",
        names=("position", "between", "opening", "seen"),
        title="loss, pixels",
    )
    write_picture(out / CURVES_PICTURE, losses)
    errors = draw_curves(
        state.curves,
        across="step",
        names=("nme", "nme_0", "nme_30", "nme_60"),
        title="held-out error of the 68 points over the size of their box",
    )
    write_picture(out / ERRORS_PICTURE, errors)

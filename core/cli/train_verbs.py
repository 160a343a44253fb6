"""`mien train`: training of our own networks."""

from __future__ import annotations

import argparse
import time
from argparse import Namespace
from pathlib import Path

from ..errors import ArgumentError, BackendError
from ..progress import Progress
from .argument_types import positive_number, seed_number, step_count
from .console import Result
from .session import Session


def add_train_options(parser: argparse.ArgumentParser) -> None:
    """Add what a training of the position-map network is told."""
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        required=True,
        help="holds ict/ict_facekit_light.npz and portraits under faces/ (docs/training.md)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        required=True,
        help="gets training pairs, checkpoints, curves, metrics and the ONNX file",
    )
    parser.add_argument(
        "--minutes", type=positive_number, default=100.0, metavar="N", help="how long (100)"
    )
    parser.add_argument(
        "--steps",
        type=step_count,
        metavar="N",
        help="how many steps in place of minutes: then the same seed and pairs give the same curve",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint of the same folder"
    )
    parser.add_argument(
        "--part",
        choices=("all", "close-look"),
        default="all",
        help="close-look: with --resume, train only what looks closer at the eyes (all)",
    )
    parser.add_argument(
        "--seed", type=seed_number, default=0, metavar="N", help="of everything (0)"
    )
    parser.add_argument(
        "--pair-files",
        type=step_count,
        default=60,
        metavar="N",
        help="so many files of 500 pairs are made, while training goes on (60)",
    )
    parser.add_argument(
        "--batch", type=step_count, default=32, metavar="N", help="crops a step (32)"
    )
    parser.add_argument(
        "--rate", type=positive_number, default=1.2e-3, metavar="X", help="learning rate (0.0012)"
    )
    parser.add_argument(
        "--train-threads", type=step_count, default=2, metavar="N", help="CPU threads (2)"
    )


def train(arguments: Namespace, session: Session) -> Result:
    """Train a network and export it."""
    if arguments.part != "all" and not arguments.resume:
        raise ArgumentError(
            f"--part {arguments.part} goes on from a network that is there: say --resume, with the "
            "folder of its training as --out."
        )
    try:
        import scipy  # noqa: F401
        import torch

        from ..training.prnet_training import PrnetPlan, train_prnet
        from ..training.training_loop import TrainingSettings
    except ImportError as error:
        raise BackendError(
            f"Training needs the packages of mien[train]; '{error.name}' is not installed. "
            "Install them: pip install 'mien[train]'."
        ) from error
    torch.set_num_threads(arguments.train_threads)
    settings = TrainingSettings(
        minutes=arguments.minutes,
        n_steps=arguments.steps or 0,
        batch_size=arguments.batch,
        rate=arguments.rate,
        seed=arguments.seed,
        part=arguments.part,
    )
    plan = PrnetPlan(
        data=arguments.data,
        out=arguments.out,
        settings=settings,
        n_files=arguments.pair_files,
        is_resumed=arguments.resume,
    )
    begun = time.monotonic()
    total_s = 60.0 * arguments.minutes

    def check() -> None:
        session.check()
        if not settings.n_steps:
            done_s = min(total_s, time.monotonic() - begun)
            session.report(Progress("training", int(done_s), int(total_s)))

    found = train_prnet(plan, check=check)
    errors = [
        f"{name} {100.0 * value:.2f} %" if name.startswith("nme") else f"{name} {value:.2f}"
        for name, value in found.metrics.items()
    ]
    return Result(
        values={"file": str(found.file), "step": found.step, **found.metrics},
        lines=(
            f"'{found.file}' after {found.step} steps",
            f"on faces of people kept out (nme over their box): {', '.join(errors)}",
        ),
    )

"""How long one image takes on one core: our position-map network, and the authors' beside it.

python tests/bench/bench_position_map.py [FILE.onnx]

Without a file the shipped network runs. PRNet's resfcn256 and L-PRNet have random weights: time
does not depend on them. Rounds are interleaved; shown are medians.
"""

import statistics
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from mien.core.convert.authors_map_export import AuthorsMapGraph
from mien.core.convert.onnx_export import onnx_from_graph
from mien.core.inference.weights import find_weights
from mien.core.networks.lprnet import LPrnet
from mien.core.networks.resfcn256 import Resfcn256

N_ROUNDS, RUNS_A_ROUND = 6, 8


def session_of(data):
    """Return a session on one thread, and the size of its input."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return session, session.get_inputs()[0].shape[1]


def main():
    torch.manual_seed(0)
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else find_weights("position_map_128").path
    networks = {
        "our own": path.read_bytes(),
        "L-PRNet": onnx_from_graph(AuthorsMapGraph(LPrnet().eval())),
        "resfcn256": onnx_from_graph(AuthorsMapGraph(Resfcn256().eval())),
    }
    sessions = {name: session_of(data) for name, data in networks.items()}
    times = {name: [] for name in networks}
    quickest = {name: [] for name in networks}
    for _ in range(N_ROUNDS):
        for name, (session, size) in sessions.items():
            image = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), np.uint8)
            session.run(None, {"image": image})
            round_ms = []
            for _ in range(RUNS_A_ROUND):
                start = time.perf_counter()
                session.run(None, {"image": image})
                round_ms.append(1e3 * (time.perf_counter() - start))
            times[name] += round_ms
            quickest[name].append(min(round_ms))
    for name, data in networks.items():
        size_mb, fast = len(data) / 1e6, statistics.median(quickest[name])
        usual = statistics.median(times[name])
        print(f"{name:10} {size_mb:5.1f} MB  quickest {fast:6.2f} ms  median {usual:6.2f} ms")


if __name__ == "__main__":
    main()

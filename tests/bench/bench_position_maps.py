"""How long one image takes in each position-map network: ours, PRNet's, and L-PRNet's.

Run: python tests/bench/bench_position_maps.py. ONNX Runtime, one thread, interleaved rounds, the
fastest and the median of all runs. Weights are random where no others are there: they cost the
same time. Goal for ours: 12 ms.
"""

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from mien.core.convert.authors_map_export import AuthorsMapGraph
from mien.core.convert.onnx_export import onnx_from_graph
from mien.core.convert.position_map_export import PositionMapGraph
from mien.core.inference.onnx_network import OnnxNetwork
from mien.core.networks.lprnet import LPrnet
from mien.core.networks.position_map import PositionMapNetwork
from mien.core.networks.resfcn256 import Resfcn256

N_ROUNDS = 30
N_BASIS = 80
GRAPHS = {
    "Mien's own, 128 px": lambda: PositionMapGraph(PositionMapNetwork(N_BASIS)),
    "L-PRNet, 128 px": lambda: AuthorsMapGraph(LPrnet()),
    "PRNet resfcn256, 256 px": lambda: AuthorsMapGraph(Resfcn256()),
}


def main():
    torch.manual_seed(0)
    runs, times = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for name, make in GRAPHS.items():
            graph = make()
            path = Path(folder) / "network.onnx"
            path.write_bytes(onnx_from_graph(graph))
            shape = (1, *graph.image_size, 3)
            image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
            runs[name] = (OnnxNetwork(path), image)
    for _ in range(N_ROUNDS):
        for name, (network, image) in runs.items():
            start = time.perf_counter()
            network.run(image=image)
            times.setdefault(name, []).append(1e3 * (time.perf_counter() - start))
    for name, values in times.items():
        print(
            f"{name:26} fastest {min(values):6.1f} ms  median {statistics.median(values):6.1f} ms"
        )


if __name__ == "__main__":
    main()

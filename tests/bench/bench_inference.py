"""How long one run of each network takes, in ONNX Runtime and in LiteRT, side by side.

The same images, interleaved rounds, medians. LiteRT runs the TFLite files of the pinned wheel,
which are fetched; its input is converted beforehand, ours within the network.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from mien.core.convert import packages
from mien.core.inference.weights import open_network

N_ROUNDS = 15
RUNS_A_ROUND = 10
GOAL = 1.15
BATCH = 8
NETWORKS = (
    ("face_landmark_468", 192, packages.LANDMARK_TFLITE, lambda image: image / 255),
    ("face_detection_short_range", 128, packages.DETECTOR_TFLITE, lambda image: image / 127.5 - 1),
)


def median_ms(run):
    """Return the median time of some runs."""
    times = []
    for _ in range(RUNS_A_ROUND):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def litert_run(data, values):
    """Return a function that runs LiteRT once, as its callers must."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=data, num_threads=1)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    results = [details["index"] for details in interpreter.get_output_details()]

    def run():
        interpreter.set_tensor(source, values)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in results]

    return run


def measure(name, size, values_from, data):
    """Return the median ms an image of each way to run a network."""
    image = np.random.default_rng(0).integers(0, 256, (BATCH, size, size, 3), np.uint8)
    one, two = open_network(name), open_network(name, n_threads=2)
    ways = {
        "LiteRT, 1 thread": (1, litert_run(data, values_from(image[:1]).astype(np.float32))),
        "ours, 1 thread": (1, lambda: one.run(image=image[:1])),
        f"ours, 1 thread, batch of {BATCH}": (BATCH, lambda: one.run(image=image)),
        f"ours, 2 threads, batch of {BATCH}": (BATCH, lambda: two.run(image=image)),
        "ours, 2 threads": (1, lambda: two.run(image=image[:1])),
    }
    rounds = {way: [] for way in ways}
    for _, run in ways.values():
        run()
    for _ in range(N_ROUNDS):
        for way, (n_images, run) in ways.items():
            rounds[way].append(median_ms(run) / n_images)
    return {way: statistics.median(times) for way, times in rounds.items()}


def main():
    """Print a table; fail when the landmark network misses the goal."""
    is_slow = False
    with tempfile.TemporaryDirectory() as folder:
        wheel = packages.fetch_pypi_wheel(Path(folder))
        members = {name: packages.read_wheel_member(wheel, m) for name, _, m, _ in NETWORKS}
    for name, size, _, values_from in NETWORKS:
        found = measure(name, size, values_from, members[name])
        print(name)
        for way, milliseconds in found.items():
            ratio = milliseconds / found["LiteRT, 1 thread"]
            print(f"  {way:<34} {milliseconds:6.3f} ms an image   {ratio:5.2f} × LiteRT")
        is_slow |= found["ours, 1 thread"] > GOAL * found["LiteRT, 1 thread"]
    print(f"goal: at most {GOAL} × LiteRT on one thread: {'missed' if is_slow else 'met'}")
    return int(is_slow)


if __name__ == "__main__":
    sys.exit(main())

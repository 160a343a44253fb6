"""How far the position map is from our own 478-point engine on real clips, frame by frame.

python tests/bench/bench_map_on_clips.py CLIP [CLIP …]

Ten frames of each clip; of each face the 68 points that both name, over √(width · height) of their
box. The crop is found from FaceMesh's points, then twice from the map itself; nothing is smoothed.
"""

import sys

import cv2
import numpy as np

from mien.core.geometry.position_map import load_position_layout, vertices_from_map
from mien.core.inference.weights import open_network
from mien.core.landmarks.topology import FACEMESH_OF_68
from mien.core.records import Region
from mien.core.track import crop_from_image, image_from_crop
from mien.core.training.seen_faces import FaceSeeker

N_FRAMES, N_LOOKS = 10, 3
FIRST_SCALE, SCALE = 1.3, 1.25


def frames_of(path):
    """Return some frames of a clip, RGB."""
    video, frames = cv2.VideoCapture(path), []
    while (read := video.read())[0]:
        frames.append(np.ascontiguousarray(read[1][..., ::-1]))
    chosen = np.linspace(0, len(frames) - 1, N_FRAMES).astype(int)
    return [frames[index] for index in chosen]


def region_around(points, scale):
    """Return the upright square around points."""
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    x, y = (low + high) / 2.0
    return Region(float(x), float(y), scale * float((high - low).max()), 0.0)


def main():
    network, layout, seeker = open_network("position_map_128"), load_position_layout(), FaceSeeker()
    uv = layout.facemesh_uv[list(FACEMESH_OF_68)]
    for path in sys.argv[1:]:
        errors, presence = [], []
        for image in frames_of(path):
            for seen in seeker.faces(image)[:1]:
                region = region_around(seen, FIRST_SCALE)
                for _ in range(N_LOOKS):
                    result = network.run(image=crop_from_image(image, region, size=128)[None])
                    points = image_from_crop(result["positions"].reshape(-1, 3), region, size=128)
                    region = region_around(points, SCALE)
                found = vertices_from_map(points.reshape(128, 128, 3), uv)[:, :2]
                truth = seen[list(FACEMESH_OF_68), :2]
                box = np.sqrt(np.prod(np.ptp(truth, axis=0)))
                errors.append(np.linalg.norm(found - truth, axis=1).mean() / box)
                presence.append(float(result["presence"][0]))
        print(
            f"{path.rsplit('/', 1)[-1]:48} mean {100 * np.mean(errors):5.2f} %  "
            f"worst {100 * np.max(errors):5.2f} %  least presence {min(presence):.2f}"
        )


if __name__ == "__main__":
    main()

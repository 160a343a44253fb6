"""The quads of a position map in Blender, in every carrier and format."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest

from mien.addon.export.scene_file import write_performances
from mien.addon.scene.face_scene import ScenePlan, build_face_scene
from mien.addon.staging import staging_folder
from mien.core.geometry import canonical_face_of
from mien.core.records import silent
from mien.core.scene_job import SceneJob
from mien.core.settings import AnimateSettings, MeshSettings
from mien.core.spaces import apply_transform

N_FRAMES = 8


@pytest.fixture
def of_map(performance):
    """A made face's motion with the mesh of a position map."""

    def make(n_points=33**2):
        made = performance(n_frames=N_FRAMES)
        topology = canonical_face_of(n_points).topology
        time_s = made.time_s[:, None, None]
        jaw = np.maximum(-0.02 - topology.neutral_m[:, 1:2], 0.0) * np.array([0.0, -0.3, 0.0])
        head = (topology.neutral_m + (0.5 - 0.5 * np.cos(9 * time_s)) * jaw).astype(np.float32)
        image = made.geometry.image_from_head
        seen = apply_transform(image, head).astype(np.float32)
        return replace(
            made,
            track=replace(made.track, landmarks_px=seen),
            landmarks_smooth_px=seen,
            geometry=replace(made.geometry, head_m=head),
            topology=topology,
        )

    return make


@pytest.mark.parametrize("carrier", ["shape-keys", "absolute-keys", "vertices", "cache"])
def test_the_face_is_of_quads_that_move_as_they_should(
    scene, of_map, vertices_at, tmp_path, carrier
):
    plan = ScenePlan(
        name="take", animate=AnimateSettings(carrier=carrier), mesh=MeshSettings(),
        cache=tmp_path / "take.pc2",
    )  # fmt: skip
    shown = of_map()
    (face,) = build_face_scene(scene, [shown], plan=plan).faces
    assert len(face.data.polygons) == 32**2
    assert {len(polygon.vertices) for polygon in face.data.polygons} == {4}
    corner_uv = np.array([loop.uv for loop in face.data.uv_layers[0].data])
    vertex = np.array([loop.vertex_index for loop in face.data.loops])
    assert np.abs(corner_uv - shown.topology.uv[vertex]).max() < 1e-5
    head = shown.geometry.head_m[5]
    wanted = np.stack([head[:, 0], -head[:, 2], head[:, 1]], axis=-1)
    found = vertices_at(face, 5)
    assert np.abs(found - wanted).max() < 2.5e-4


@pytest.mark.parametrize("suffix", [".fbx", ".glb", ".abc", ".usdc", ".blend"])
@pytest.mark.parametrize("subdivide", [0, 1])
def test_every_format_takes_them(scene, of_map, tmp_path, suffix, subdivide):
    output = tmp_path / f"face{suffix}"
    job = SceneJob(take="", output=str(output), mesh=MeshSettings(subdivide=subdivide))
    with staging_folder(output) as staging:
        report = write_performances([of_map()], job=job, staging=staging, on_progress=silent)
    assert report.n_faces == 1 and output.stat().st_size > 10_000


def test_a_dense_mesh_is_subdivided_as_the_coarse_one_is(scene, of_map, tmp_path):
    plan = ScenePlan(
        name="take", animate=AnimateSettings(), mesh=MeshSettings(subdivide=1),
        cache=tmp_path / "take.pc2",
    )  # fmt: skip
    (face,) = build_face_scene(scene, [of_map(65**2)], plan=plan).faces
    evaluated = face.evaluated_get(bpy.context.evaluated_depsgraph_get())
    assert len(evaluated.data.vertices) == 129**2

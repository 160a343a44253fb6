"""The engine: footage of a face in, an animated face out; knows no Blender."""

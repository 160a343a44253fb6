"""Arrays and plain values in, Blender data out."""

"""Polygons in, subdivided polygons out."""

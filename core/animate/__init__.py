"""Positions over time in, blendshapes and keys out."""

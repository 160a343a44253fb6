"""Samples over time in, calm samples over time out."""

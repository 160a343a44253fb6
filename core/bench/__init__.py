"""Footage with known truth in, speed, error and jitter out."""

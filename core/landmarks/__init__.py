"""Crops in, landmarks out."""

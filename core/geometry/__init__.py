"""Landmarks in, head pose and head-space points out."""

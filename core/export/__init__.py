"""A solved face in, one file per format out."""

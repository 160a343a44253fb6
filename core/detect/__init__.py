"""One frame in, face boxes out."""

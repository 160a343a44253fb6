"""A capture in, a folder on disk out, and back."""

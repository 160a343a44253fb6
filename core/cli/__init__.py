"""Command-line words in, exit codes and files out."""

"""Named arrays in, a network's named arrays out."""

"""Face boxes and landmarks in, regions with identities out."""

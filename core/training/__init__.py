"""Training of our own networks: openly licensed portraits in, weights out (needs torch)."""

__all__: list[str] = []

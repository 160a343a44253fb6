"""A scene in, one checked file out."""

"""What is drawn over the footage and on the timeline; it reads the scene and never changes it."""

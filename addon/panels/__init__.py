"""What the artist sees in the sidebar of the 3D view, in the order of the flow."""

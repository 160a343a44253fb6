"""What each network computes, in torch, one network a file."""

"""What pages show, read from the home in few queries each; nothing here writes."""

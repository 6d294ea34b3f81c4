"""What this app tells the others at start."""

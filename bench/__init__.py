"""What measures speed, side by side with the plain way of doing the same."""

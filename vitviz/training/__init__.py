"""Training: one compiled step, one trainer per model, two trainers in a fair race."""

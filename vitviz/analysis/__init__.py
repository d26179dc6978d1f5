"""Arrays in, arrays out: what a trace and a configuration say, in numbers. NumPy only."""

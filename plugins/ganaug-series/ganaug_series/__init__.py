"""Time series for ganaug: one more kind of data, by registration alone."""

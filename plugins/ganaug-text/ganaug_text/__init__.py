"""Short texts for ganaug: one more kind of data, by registration alone."""

"""Numbers that compare two sets of samples; registered in the entry-point group ``ganaug.metrics``.

A metric is a function ``(real: Samples, made: Samples) -> dict[str, Score]``. One that has no meaning for such samples
gives an empty dict. `ganaug.evaluate` calls it on held-out against synthetic samples, and on held-out against as many
real training samples, for every class and for all together.
"""

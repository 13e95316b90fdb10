"""Door 1: the over-sampler, its sources and the judge that weighs them."""

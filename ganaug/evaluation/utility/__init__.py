"""Whether synthetic samples help a classifier."""

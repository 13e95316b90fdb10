"""What to do about rare classes: every remedy on the same folds, and the simplest that nothing surely beats."""

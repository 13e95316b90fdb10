"""Training that starts from another model."""

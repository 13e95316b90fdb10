"""Contracts that need no torch: errors, configuration, schemas, the registry and the checkpoint format."""

"""Fidelity of synthetic samples."""

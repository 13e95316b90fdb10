"""Networks, objectives and the trained model."""

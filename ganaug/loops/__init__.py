"""Door 2: synthetic samples in PyTorch training loops."""

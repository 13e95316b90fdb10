"""The training loop, what ``"auto"`` means, and callbacks."""

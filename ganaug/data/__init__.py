"""User data to tensors and back; readers and writers."""

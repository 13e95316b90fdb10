"""Whether training samples were copied."""

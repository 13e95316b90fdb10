"""Door 3: the ``ganaug`` command."""

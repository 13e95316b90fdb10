"""``python -m ganaug``, for ``torchrun -m ganaug``."""

from ganaug.cli.app import main

main()

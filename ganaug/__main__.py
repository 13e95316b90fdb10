"""``python -m ganaug``, which is also what ``torchrun -m ganaug`` starts."""

from ganaug.cli.app import main

if __name__ == "__main__":
    main()

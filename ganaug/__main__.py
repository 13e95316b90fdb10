"""``python -m ganaug``, as torchrun -m starts it."""

from ganaug.cli.app import main

if __name__ == "__main__":
    main()

"""Door 3: the ``ganaug`` command."""

import sys

from ganaug.core.errors import MissingExtraError
from ganaug.core.extras import refuse_missing


def main() -> None:
    """Entry point of the ``ganaug`` script, which is installed without what it needs: the extra ``cli``."""
    try:
        refuse_missing("typer", "rich", "platformdirs", extra="cli", purpose="the ganaug command")
    except MissingExtraError as error:
        sys.exit(f"error: {error}")
    from ganaug.cli.app import listen, run

    listen()
    sys.exit(run(sys.argv[1:]))

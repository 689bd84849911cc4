"""The command `newsfeed`."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line; never returns."""
    try:
        from newsfeed.cli.app import run

        code = run(argv)
    except KeyboardInterrupt:  # before a command began, or after it ended
        sys.stderr.write("\nStopped.\n")
        code = 130
    raise SystemExit(code)


if __name__ == "__main__":
    main()

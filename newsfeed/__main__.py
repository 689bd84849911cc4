"""The command `newsfeed`."""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line; never returns."""
    from newsfeed.cli.app import run

    raise SystemExit(run(argv))


if __name__ == "__main__":
    main()

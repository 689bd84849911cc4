"""The command `newsfeed`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line; never returns."""
    # Loading modules creates a hundred thousand objects that stay alive; scanning them again and again for garbage
    # takes a sixth of the start-up time.
    gc.set_threshold(150_000, 20, 20)
    try:
        from newsfeed.cli.app import run

        code = run(argv)
    except KeyboardInterrupt:  # before a command began, or after it ended
        sys.stderr.write("\nStopped.\n")
        code = 130
    # The system takes back what is left; to look through all of it for garbage took a sixth of a small command.
    gc.freeze()
    # Run by `python -m`, CPython ends by the signal, whatever the exit code, if Ctrl-C ever came while something ran text as
    # code, as libraries do when they load; running other text makes it forget that (`run_eval_code_obj`, pythonrun.c).
    exec("")  # noqa: S102
    raise SystemExit(code)


if __name__ == "__main__":
    main()

"""What the library `reader` keeps of saved feeds; run it with the Python of an environment in which `reader` is installed.

Names of files on stdin, a line each; on stdout a line of JSON each: entries kept, those without title, link and
time, and why it refused the document ("" where it didn't).
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from pathlib import Path

from reader import make_reader  # type: ignore[import-not-found]
from reader.exceptions import ReaderError  # type: ignore[import-not-found]


def main() -> None:
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        path = Path(line.rstrip("\n"))
        refused = ""
        entries = []
        with make_reader(":memory:", feed_root=str(path.parent.resolve())) as reader:
            reader.add_feed(path.name)
            try:
                reader.update_feed(path.name)
                entries = list(reader.get_entries())
            except ReaderError as error:
                cause = error.__cause__ or error
                refused = str(cause).removeprefix("<unknown>:").replace(path.name, "").strip(" :'")
        kept = {
            "items": len(entries),
            "no title": sum(not entry.title for entry in entries),
            "no link": sum(not entry.link for entry in entries),
            "no time": sum(not (entry.published or entry.updated) for entry in entries),
            "refused": refused,
        }
        print(json.dumps(kept), flush=True)


if __name__ == "__main__":
    main()

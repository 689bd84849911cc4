"""The templates: finding, reading, hashing and filling them.

The packaged templates lie in `newsfeed/templates` of a wheel and in `templates/` of a checkout. A folder of the
reader's goes before them, file by file: a template of the same name replaces ours, `styles/extra.css` is added to
our styles.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsfeed import __version__
from newsfeed.errors import SettingsError
from newsfeed.model import PAGE_END, Breadth, Edition
from newsfeed.render import mail_message, pages, safe
from newsfeed.render.alternates import ALTERNATES
from newsfeed.render.mail_message import Message
from newsfeed.text.spoken import count, decimal, heading, say, speaking

if TYPE_CHECKING:
    import jinja2
    from jinja2.bccache import Bucket
    from markupsafe import Markup


PACKAGE = Path(__file__).parents[1]
KINDS = frozenset({".html", ".css", ".txt", ".xml", ".js"})
APP = ("app/", "team/")  # templates of the web apps, whose pages are not stored


def packaged_folder() -> Path:
    """The folder of our own templates: inside the package if installed, beside it in a checkout."""
    inside = PACKAGE / "templates"
    return inside if inside.is_dir() else PACKAGE.parent / "templates"


def _read(folder: Path) -> dict[str, str]:
    """All template sources below `folder` by their relative names; raises SettingsError for an unreadable one."""
    sources = {}
    try:
        paths = sorted(
            p for p in folder.rglob("*") if p.suffix in KINDS and p.is_file() and not p.name.startswith(".")
        )
        for path in paths:
            sources[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"templates in {folder}", f"can't be read: {error.strerror}", "Check the folder and its rights."
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"template {path}", "is not UTF-8", "Save it as UTF-8.") from error
    return sources


class Templates:
    """All templates, the reader's before ours, and what is drawn with them. Same templates + same edition = same bytes.

    `override` is the reader's folder; raises SettingsError if it is not there or a template in it is broken.
    """

    def __init__(self, override: Path | None = None) -> None:
        sources = _read(packaged_folder())
        if override is not None:
            if not override.is_dir():
                raise SettingsError(
                    f"templates folder {override}", "is not there", "Make it, or take the setting out."
                )
            sources |= _read(override)
        self._sources = sources
        self._override = override
        self.hash = _digest({name: text for name, text in sources.items() if not name.startswith(APP)})

    def site(
        self,
        edition: Edition,
        breadth: Breadth | None = None,
        recent: Sequence[Edition | date] = (),
        site_url: str = "",
    ) -> dict[str, bytes]:
        """Every file of the site by its relative name.

        `recent` are editions, or only their dates, for the archive's index and the feeds; `edition` itself may be
        among them. `site_url` is the site's public address, if it has one: feeds get absolute links only then.
        """
        with speaking(edition.lang):
            return pages.site(self, edition, breadth, recent, site_url)

    def stale(self, edition: Edition, notice: str) -> bytes:
        """`index.html` with an earlier edition under a notice of why there is no newer one."""
        with speaking(edition.lang):
            return pages.morning(self, edition, root="", notice=notice)

    def message(self, edition: Edition, site_url: str = "") -> Message:
        """The edition as a mail; see `mail_message.write`."""
        with speaking(edition.lang):
            return mail_message.write(self, edition, site_url=site_url)

    def page(self, name: str, *, root: str, lang: str, **context: Any) -> bytes:
        """One page: template `name` filled, with its styles and a policy that allows only these."""
        from markupsafe import Markup

        style = self.style("page.css" if name == "page.html" else "page.css site.css")
        text = self.fill(
            name,
            root=root,
            lang=safe.language(lang) or "en",
            style=style,
            policy=policy(style),
            end_mark=Markup(PAGE_END),  # noqa: S704 - a constant
            **context,
        )
        return text.encode()

    def style(self, names: str = "page.css") -> Markup:
        """The named stylesheets and the reader's `extra.css` as one text for a `<style>` element."""
        from markupsafe import Markup

        paths = [name if "/" in name else f"styles/{name}" for name in (*names.split(), "extra.css")]
        style = compact("\n".join(self._sources[path] for path in paths if path in self._sources))
        if "<" in style:
            raise SettingsError("template styles", 'hold a "<"', "Take it out: styles need none.")
        return Markup(style)  # noqa: S704 - our own or the reader's stylesheet, checked above

    def source(self, name: str) -> str:
        """The source text of a template, for files that are delivered unchanged."""
        return self._sources[name]

    def fill(self, name: str, **context: Any) -> str:
        """Template `name` with `context`; raises SettingsError that names file and line of a broken template."""
        import jinja2

        try:
            return _environment(frozenset(self._sources.items())).get_template(name).render(**context)
        except jinja2.TemplateSyntaxError as error:
            raise self._broken(error.name or name, error.lineno, error.message or "") from error
        except jinja2.TemplateError as error:
            raise self._broken(*self._place(error, name), error.message or type(error).__name__) from error

    def _broken(self, name: str, line: int, cause: str) -> SettingsError:
        folder = self._override if self._override and (self._override / name).is_file() else packaged_folder()
        subject = f"template {folder / name}" + (f", line {line}" if line else "")
        return SettingsError(subject, cause, "Fix it, or remove it from your templates folder.")

    def _place(self, error: BaseException, name: str) -> tuple[str, int]:
        """The innermost template in which `error` arose, and its line; `name` and 0 if that is unknown."""
        line, trace = 0, error.__traceback__
        while trace:
            if trace.tb_frame.f_code.co_filename in self._sources:
                name, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
            trace = trace.tb_next
        return name, line


@lru_cache(maxsize=4)
def _environment(sources: frozenset[tuple[str, str]]) -> jinja2.Environment:
    """The jinja environment for these templates. They are compiled once per process."""
    import jinja2

    texts = dict(sources)
    made = jinja2.Environment(
        # A source with its name, so that tracebacks tell in which template they arose.
        loader=jinja2.FunctionLoader(lambda name: (texts[name], name, None) if name in texts else None),
        autoescape=jinja2.select_autoescape(disabled_extensions=("txt",), default=True),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_printed,
        bytecode_cache=_compiled(),
    )
    made.filters |= _filters()
    # Functions, because jinja would evaluate a filter of a constant once for all languages.
    made.globals |= {"say": say, "count": count, "decimal": decimal, "alternates": ALTERNATES}
    return made


def _compiled() -> jinja2.BytecodeCache | None:
    """Where compiled templates are kept: where Python keeps this module, if it may. To compile them takes as long as to fill
    them for a large morning."""
    import jinja2

    folder = Path(__file__).parent / "__pycache__"
    if sys.dont_write_bytecode or not os.access(folder, os.W_OK):
        return None

    class Compiled(jinja2.FileSystemBytecodeCache):
        def dump_bytecode(self, bucket: Bucket) -> None:
            with suppress(OSError):  # a full disk: it is compiled again the next time
                super().dump_bytecode(bucket)

    return Compiled(str(folder), f"template.%s.{__version__}")


def policy(style: str) -> Markup:
    """The content security policy of a page: nothing is allowed except this one style."""
    from markupsafe import Markup

    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return Markup(  # noqa: S704 - our own words and base64
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


@lru_cache(maxsize=8)  # the same few for every page
def compact(css: str) -> str:
    """A stylesheet without comments and unneeded white space; quoted strings stay as they are."""
    pieces = re.split(
        r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    )
    for n in range(0, len(pieces), 2):
        text = re.sub(r"\s+", " ", pieces[n])
        text = re.sub(r" ?([{};]) ?", r"\1", text)
        text = re.sub(r"([:,]) ", r"\1", text)
        pieces[n] = text.replace(";}", "}")
    return "".join(pieces).strip()


def _digest(sources: Mapping[str, str]) -> str:
    """A short hash over names and texts of all sources."""
    digest = hashlib.sha256()
    for name in sorted(sources):
        for part in (name, sources[name]):
            data = part.encode()
            digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:16]


def _printed(value: Any) -> Any:
    """What an expression of a template prints: text without unprintable characters."""
    return safe.visible(value) if type(value) is str else value


def _filters() -> dict[str, Any]:
    from markupsafe import Markup, escape

    def foreign(code: str, page_language: str) -> Markup:
        """The attributes of a text in another language than the page's."""
        code = safe.language(code)
        if not code or code.partition("-")[0].lower() == page_language.partition("-")[0].lower():
            return Markup("")
        return Markup(' lang="{}" dir="auto"').format(escape(code))

    return {
        "web": safe.web,
        "host": safe.host,
        "place": safe.place,
        "slug": safe.slug,
        "instant": safe.instant,
        "foreign": foreign,
        "drawing": pages.drawing,
        "day": heading,
        "mailed": safe.mailed,
        "wrapped": safe.wrapped,
        "columns": safe.columns,
        "part": safe.part,
    }

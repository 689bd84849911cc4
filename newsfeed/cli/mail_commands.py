"""Commands about mail: send it, preview it, set it up, turn it off."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsfeed.cli import care_commands, show
from newsfeed.cli.command import App, Context, day
from newsfeed.errors import SettingsError

if TYPE_CHECKING:
    from newsfeed.pipeline.morning.mail import MailProvider


mail_app = App(
    name="mail", help="The page as a mail: send it, look at it, set it up.", invoke_without_command=True
)


@mail_app.callback()
def mail(
    context: typer.Context,
    date: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="The date of an earlier edition.")] = "",
    eml: Annotated[
        str, typer.Option("--eml", metavar="FILE|-", help="Write the message it would send; needs no server.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show headers and sizes; send nothing.")] = False,
    test: Annotated[
        bool,
        typer.Option(
            "--test",
            help="Send a test now: the page as it would arrive. It doesn't count as that morning's mail.",
        ),
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Send it even if it was already sent, or may have been.")
    ] = False,
) -> None:
    """Mail today's edition now, unless it was sent already."""
    if context.invoked_subcommand is not None:
        return
    from newsfeed import config
    from newsfeed.pipeline.morning import mail as mailing

    given: Context = context.obj
    home = given.home()
    wanted = day(date) or home.today

    def password() -> str:
        return config.mail_password(home.settings)

    if test:
        if not mailing.wanted(home.settings):
            raise SettingsError("[mail]", "there is no address to send to", "Run newsfeed mail setup.")
        with home.open_store() as store:
            edition = mailing.edition_of(store, wanted) if date else store.edition(wanted)
        done = mailing.attempt(home, edition, password=password)
        show.say(f"{done.text} {done.repair}".strip())
        raise typer.Exit(0 if done.outcome == "sent" else 1)
    if eml or dry_run:
        with home.open_store() as store:
            written = mailing.of_day(home, store, wanted)
        if dry_run:
            for name, value in written.headers:
                show.say(f"{name}: {value}")
            show.say()
            message = written.message
            show.say(
                f"HTML {message.html_bytes / 1000:.1f} kB, text {len(message.text.encode()) / 1000:.1f} kB, all {len(written.data) / 1000:.1f} kB"
            )
            if message.left_out:
                show.say(f"{message.left_out} stories are left out for size: they are on the page.")
            show.say(f"preview: {message.preview}")
        if eml:
            show.write(eml, written.data)
        return
    with home.lock("mail"), home.open_store() as store:
        report = mailing.send(home, store, wanted, password=password, by_hand=True, again=again)
    show.say(f"{report.text} {report.repair}".strip())
    raise typer.Exit(0 if report.good else 1)


@mail_app.command()
def off(context: typer.Context) -> None:
    """Stop mailing: removes the mail table from newsfeed.toml, and the stored password."""
    from newsfeed import config

    given: Context = context.obj
    setting = given.settings.mail
    if not setting.to:
        show.say("There is no mail.")
        return
    _rewrite(given.folder, None)
    if setting.password.keyring:
        config.forget_in_keyring(setting.password.keyring)
    kept = _password_file(given.folder)
    kept.unlink(missing_ok=True)
    show.say("No more mails. newsfeed mail setup begins anew.")


@mail_app.command()
def setup(
    context: typer.Context,
    to: Annotated[str, typer.Option("--to", help="The address that the page goes to.")] = "",
    by: Annotated[str, typer.Option("--by", help="smtp, sendmail, maildir or eml.")] = "smtp",
    path: Annotated[str, typer.Option("--path", help="The sendmail program, maildir or folder.")] = "",
    sender: Annotated[
        str, typer.Option("--sender", help="The address it comes from. Default: the same.")
    ] = "",
    host: Annotated[str, typer.Option("--host", help="The mail server, as host or host:port.")] = "",
    user: Annotated[str, typer.Option("--user", help="The user name there. Default: the sender.")] = "",
    no_test: Annotated[bool, typer.Option("--no-test", help="Send no trial message.")] = False,
) -> None:
    """Ask for address and provider, keep the password safely, and send a trial message.

    Without a terminal the password is read from the first line of the input.
    """
    from newsfeed import config
    from newsfeed.pipeline.morning import mail as mailing

    given: Context = context.obj
    given.home()
    care_commands.ensure_settings(given)
    asking = sys.stdin.isatty()
    if not to:
        if not asking:
            raise SettingsError(
                "--to", "is missing", "Name the address: newsfeed mail setup --to you@example.org"
            )
        to = typer.prompt("Your mail address")
    if not config.ADDRESS.fullmatch(to):
        raise SettingsError("--to", "is no mail address", "Write one address, such as me@example.org.")
    table: dict[str, Any] = {"to": to}
    if sender:
        table["sender"] = sender
    table["by"] = by
    if path:
        table["path"] = path
    if by == "smtp":
        provider = mailing.provider_of(sender or to)
        if provider is not None and not host:
            show.say(provider.advice)
            if provider.refuses:
                show.say("Nothing was set up.")
                raise typer.Exit(1)
        table |= _server(host, provider, asking)
        if user:
            table["user"] = user
        secret = _ask_password(asking)
        _with_mail(given.folder, table)  # checked before the password is stored
        if secret:
            table["password"] = _keep(given.folder, user or sender or to, secret)
    _rewrite(given.folder, table)
    show.say(f"wrote [mail] into {given.folder / config.FILE}")
    if no_test:
        return
    home = Context(given.folder).home()
    done = mailing.attempt(home, password=lambda: config.mail_password(home.settings))
    show.say(f"{done.text} {done.repair}".strip())
    if done.outcome == "sent":
        show.say(
            "A trial message is on its way. From now on the page comes at its hour, while newsfeed run runs."
        )
    raise typer.Exit(0 if done.outcome == "sent" else 1)


def _server(host: str, provider: MailProvider | None, asking: bool) -> dict[str, Any]:
    if not host and provider is not None:
        return {"host": provider.host, "port": provider.port, "security": provider.security}
    if not host:
        if not asking:
            raise SettingsError(
                "--host", "is missing", "This provider isn't known here: name its server for sending."
            )
        host = typer.prompt("Its server for sending (SMTP), as host or host:port")
    name, _, port = host.partition(":")
    if port and not port.isdecimal():
        raise SettingsError("--host", f"{port!r} is no port", "Write it as mail.example.org:587.")
    from newsfeed.config import THIS_MACHINE

    number = int(port or 587)
    security = "tls" if number == 465 else "none" if name in THIS_MACHINE else "starttls"
    return {"host": name, "port": number, "security": security}


def _ask_password(asking: bool) -> str:
    from newsfeed import config

    if asking:
        return str(
            typer.prompt(
                "Password (it is not shown; empty for none)", hide_input=True, default="", show_default=False
            )
        )
    return "" if config.has_mail_variable() else sys.stdin.readline().strip()


def _keep(folder: Path, user: str, secret: str) -> dict[str, str]:
    """Store the password in the system's keyring, or else in a private file; returns the setting that says where it is."""
    from newsfeed import config
    from newsfeed.pipeline.home import put

    if config.keep_in_keyring(user, secret):
        show.say("The password is in your system's keyring.")
        return {"keyring": user}
    path = _password_file(folder)
    put(path, f"{secret}\n".encode())
    show.say(f"The password is in {path}, which only you can read.")
    return {"file": str(path.relative_to(folder))}


def _password_file(folder: Path) -> Path:
    return folder / ".newsfeed" / "mail-password"


def _with_mail(folder: Path, table: Mapping[str, Any] | None) -> str:
    """The text of newsfeed.toml with its [mail] table replaced, or removed with None; everything else stays as it was.

    Raises:
        SettingsError: the result would not be valid.
    """
    from newsfeed import config

    path = folder / config.FILE
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    text = config.edited(text, {("mail",): table})
    config.parse(text, {}, home=folder)
    return text


def _rewrite(folder: Path, table: Mapping[str, Any] | None) -> None:
    from newsfeed import config
    from newsfeed.pipeline.home import put

    put(folder / config.FILE, _with_mail(folder, table).encode())

"""The time that a feed means, in whatever words, order and zone it is written."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsfeed.text import dates, times
from newsfeed.text.times import from_text
from tests.test_sources import item, parsed, rss

NINE = datetime(2024, 11, 26, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "Tue, 26 Nov 2024 09:05:00 GMT",
        "26 Nov 24 09:05 Z",
        "Tue Nov 26 09:05:00 +0000 2024",
        "Tue Nov 26 09:05:00 UTC 2024",
        "2024-11-26T09:05:00Z",
        "2024-11-26 09:05:00.123",
        "20241126T090500Z",
        "2024/11/26 09:05",
        "26.11.2024 09:05",
        "26.11.2024, 09:05 Uhr",
        "26/11/2024 09:05:00",
        "26-11-2024 09:05",
        "11/26/2024 09:05",
        "Nov 26, 2024 9:05 AM",
        "November 26th, 2024 at 9:05 a.m.",
        "Tuesday, November 26, 2024 - 09:05",
        "Dienstag, 26. November 2024, 10:05 Uhr MEZ",
        "mardi 26 novembre 2024 à 9h05",
        "mar., 26 nov. 2024 09:05:00 +0000",
        "martes, 26 de noviembre de 2024 9:05",
        "Mar, 26 Nov 2024 10:05:00 +0100",
        "terça-feira, 26 de novembro de 2024 09:05",
        "wt., 26 lis 2024 10:05:00 +0100",
        "úterý 26. listopadu 2024 09:05",
        "26 ноября 2024 г., 09:05",
        "Вт, 26 ноя 2024 12:05:00 +0300",
        "2024. november 26., kedd 9:05",
        "Τρί, 26 Νοε 2024 09:05:00",
        "tiistai 26. marraskuuta 2024 klo 9.05",
        "26 Kasım 2024 Salı, 09:05",
        "2024年11月26日 09:05",
        "2024년 11월 26일 오전 9:05",
        "Tue, 26 Nov 2024 04:05:00 America/New_York",
        "Tue, 26 Nov 2024 10:05:00 Europe/Berlin",
        "26 Nov 2024 4:05 AM ET",
        "26 Nov 2024 10:05 Central European Time",
        "Tue, 26 Nov 2024 01:05:00 PST",
        "Tue, 26 Nov 2024 11:05:00 GMT+0200",
        "Tue Nov 26 2024 10:05:00 GMT+0100 (Central European Standard Time)",
        "Thứ Ba, 26/11/2024, 16:05 (GMT+7)",
        "Selasa, 26 November 2024 16:05 WIB",
        "الثلاثاء ٢٦ نوفمبر ٢٠٢٤ ٠٩:٠٥",
        "26 تشرين الثاني 2024 09:05",
        "יום שלישי, 26 בנובמבר 2024 09:05",
        "26 नवंबर 2024 09:05",
        "26 พ.ย. 2567 09:05",
        "২৬ নভেম্বর ২০২৪ ০৯:০৫",
        "26 қараша 2024 09:05",
        "26 ნოემბერი 2024 09:05",
        "26 Tháng Mười Một, 2024 9:05 SA",
        "令和6年11月26日 09:05",
        "26 ноября 2024 в 12:05 МСК",
        "Tue, 26 Nov 2024 14:50:00 NPT",
        "2024.11.26 09:05",
        "9.05am 26 Nov 2024",
        "20241126090500",
        "202411260905",
        "2024-11-26T9:5:0Z",
        "2024-11-26T09:05:00 00:00",
        "Tue, 26 Nov 2024 10:05:00 0100",
        "/Date(1732611900000)/",
        "/Date(1732611900000+0100)/",
        "2024-11-26T04:05:00−05:00",
    ],
)
def test_one_moment_in_many_spellings(written: str) -> None:
    assert from_text(written) == NINE


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("26 Nov 2024 12:10 AM", 0),
        ("26 Nov 2024 12:10 PM", 12),
        ("26 Nov 2024 1:10 p.m.", 13),
        ("26.11.2024 11:10 μ.μ.", 23),
        ("26.11.2024 11:10 π.μ.", 11),
        ("2024年11月26日 下午3:10", 15),
        ("2024년 11월 26일 오후 3:10", 15),
        ("26 Nov 2024 13:10 PM", 13),
        ("26 نوفمبر 2024 3:10 م", 15),
        ("26/11/2024 3:10:00 CH", 15),
        ("2024年11月26日 15時10分", 15),
    ],
)
def test_the_halves_of_the_day(written: str, hour: int) -> None:
    assert from_text(written) == datetime(2024, 11, 26, hour, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "summer"),
    [
        ("Thu, 18 Jul 2024 09:05:00 Europe/Paris", 7),
        ("Thu, 18 Jul 2024 09:05:00 PT", 16),
        ("18 Jul 2024 09:05 CEST", 7),
    ],
)
def test_a_place_has_its_summer_time(written: str, summer: int) -> None:
    assert from_text(written) == datetime(2024, 7, 18, summer, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "language", "month", "day"),
    [
        ("05/06/2024", "en-US", 5, 6),
        ("05/06/2024", "en-GB", 6, 5),
        ("05/06/2024", "fr", 6, 5),
        ("05.06.2024", "", 6, 5),
        ("05/06/2024 10:00 PM", "", 5, 6),
        ("05/06/2024 10:00 +0200", "", 6, 5),
        ("25/06/2024", "en", 6, 25),
        ("6 listopada 2024", "hr", 10, 6),
        ("6 listopada 2024", "pl", 11, 6),
        ("3 srp 2024", "hr", 7, 3),
        ("3 srp 2024", "cs", 8, 3),
        ("3 Mac 2024", "ms", 3, 3),
        ("3 آب 2024", "ar", 8, 3),
        ("3 fÃ©vr. 2024", "fr", 2, 3),
    ],
)
def test_the_language_decides_between_two_readings(written: str, language: str, month: int, day: int) -> None:
    moment = from_text(written, language)
    assert moment is not None
    assert (moment.month, moment.day) == (month, day)


@pytest.mark.parametrize(
    ("zone", "language", "hour"),
    [("CST", "en-us", 15), ("CST", "zh-CN", 1), ("IST", "he", 7), ("IST", "hi", 3)],
)
def test_the_language_decides_between_two_zones_of_one_name(zone: str, language: str, hour: int) -> None:
    moment = from_text(f"Tue, 26 Nov 2024 09:05:00 {zone}", language)
    assert moment is not None
    assert moment.hour == hour


@pytest.mark.parametrize(
    "written",
    [
        "2024-W48-2T09:05:00Z",
        "2024-W48-2 09:05",
        "@1732611900",
        "1732611900.0",
        "1732611900000",
        "1732611900000000",
        "1732611900000000000",
        "26 Nov 2567 09:05",
        "26/11/2567 09:05",
        "วันอังคารที่ 26 พฤศจิกายน พ.ศ. 2567 09:05",
        "سه‌شنبه، ۶ آذر ۱۴۰۳ ساعت ۰۹:۰۵",
        "Tue, 06 آذر 1403 12:35:00 +0330",
        "1403/09/06 09:05",
        "1403-09-06T12:35:00+03:30",
    ],
)
def test_calendars_and_counts_of_other_kinds(written: str) -> None:
    assert from_text(written) == NINE


@pytest.mark.parametrize(
    "written",
    [
        *("2024-W54-1", "2024-W48", "2024-331", "45622", "1403/13/01", "30 اسفند 1404", "5 Kislev 5785"),
        *("24 جمادى الأولى 1446", "3 hours ago", "vor 3 Stunden", "il y a 2 heures", "hace 3 días", "gestern, 9:05"),
    ],
)  # fmt: skip
def test_a_day_that_is_not_certain_is_none(written: str) -> None:
    assert from_text(written) is None


def test_an_islamic_year_is_no_persian_one() -> None:
    assert times.sane(from_text("1446/05/24"), NINE) is None


@pytest.mark.parametrize(
    ("year", "first"),
    [
        (1370, "1991-03-21"),
        (1375, "1996-03-20"),
        (1376, "1997-03-21"),
        (1399, "2020-03-20"),
        (1400, "2021-03-21"),
        (1403, "2024-03-20"),
        (1404, "2025-03-21"),
        (1408, "2029-03-20"),
        (1409, "2030-03-21"),
    ],
)
def test_the_persian_year_begins_with_spring(year: int, first: str) -> None:
    assert str(dates.from_persian(year, 1, 1)) == first


def test_midnight_may_end_a_day() -> None:
    assert from_text("Tue, 26 Nov 2024 24:00:00 GMT") == datetime(2024, 11, 27, tzinfo=UTC)


def test_the_language_of_the_feed_is_asked() -> None:
    dated = item("<pubDate>05/06/2024 12:00</pubDate>")
    for language, month in (("de", 6), ("en-us", 5)):
        found = parsed(rss(dated, head=f"<language>{language}</language>")).items[0]
        assert found.published is not None
        assert found.published.month == month


@pytest.mark.parametrize(
    "written",
    [
        "2024", "11/2024", "26 Nov", "Nov 2024", "31 Nov 2024", "2024-13-01", "99/99/2024", "26 Nov 2024 25:00",
        "26 Nov 2024 10:00 +9900", "26 Nov 2024 27 Nov 2025", "soon", "12:00", "1.2.3.4", "v1.2.2024.1", "00 Nov 2024",
        "26 Nov 2024 10:00 ../../etc/passwd/x" * 3,
    ],
)  # fmt: skip
def test_what_is_no_moment_is_none(written: str) -> None:
    assert from_text(written) is None


@pytest.mark.parametrize(
    "locale",
    [
        "en",
        "de",
        "fr",
        "es",
        "it",
        "pt",
        "nl",
        "pl",
        "sv",
        "da",
        "nb",
        "fi",
        "is",
        "cs",
        "sk",
        "sl",
        "hr",
        "sr",
        "mk",
        "bg",
        "ru",
        "uk",
        "be",
        "ro",
        "hu",
        "el",
        "tr",
        "lt",
        "lv",
        "et",
        "ca",
        *("id", "ms", "fil", "sw", "af", "az", "uz", "kk", "ka", "hy"),
        *("ar", "ar_LB", "ar_DZ", "ar_MA", "fa", "ur", "he", "hi", "mr", "bn", "ta", "te", "th"),
    ],
)
def test_every_name_of_a_month_is_known(locale: str) -> None:
    babel = pytest.importorskip("babel", reason="The names of CLDR are not installed.")
    names = babel.Locale.parse(locale).months
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in names[context][width].items():
                bare = name.replace("de ", "").replace("d’", "")
                if not any(c.isdigit() for c in bare) and len(bare) >= 3 and " " not in bare:
                    assert dates.month(bare, locale.partition("_")[0]) == number, (locale, name)


@given(st.text(alphabet="0123456789 :/.-+,TZapm年月日janовмäß()", max_size=40) | st.text(max_size=80))
def test_any_text_is_a_moment_or_none(text: str) -> None:
    for language in ("", "de", "zz"):
        moment = from_text(text, language)
        assert moment is None or moment.tzinfo is UTC
    assert dates.month(unicodedata.normalize("NFD", text)) in range(13)


@pytest.mark.parametrize("language", ["", "fi", "fr", "hu"])
def test_a_month_of_rfc_822_is_english_in_every_language(language: str) -> None:
    moments = [from_text(f"Thu, 12 {name[:3]} 2026 10:00:00 +0200", language) for name in dates.MONTHS]
    assert moments == [datetime(2026, n, 12, 8, tzinfo=UTC) for n in range(1, 13)]


@given(
    st.integers(0, 2_200_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.sampled_from(["GMT", "UTC", "+0000", "-0000", "+0530", "-0800", "+1400", "+1530", "-1600"]),
    st.sampled_from(
        ["%a, %d %b %Y %H:%M:%S {}", "%d %b %Y %H:%M:%S {}", "%Y-%m-%dT%H:%M:%S{}", "%Y-%m-%dT%H:%M:%S.5{}"]
    ),
)
def test_what_nearly_all_feeds_write_is_read_at_once_as_by_the_rules(
    moment: datetime, zone: str, shape: str
) -> None:
    if "T" in shape:
        zone = f"{zone[:3]}:{zone[3:]}" if zone[0] in "+-" else "Z"
    written = moment.strftime(shape.format(zone))
    assert from_text(written, "en") == times._by_rules(written, "en")

"""An item opens at the link that its feed gives; the canonical form is only for comparing."""

from __future__ import annotations

import html
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsfeed.text import links
from tests.test_sources import item, parsed, rss


def opened(link: str, **options: str) -> str:
    return parsed(rss(item(link=link.replace("&", "&amp;"))), **options).items[0].link


@pytest.mark.parametrize(
    "link",
    [
        "https://weir.example/gates/",
        "https://weir.example/app#/gates/4",
        "https://weir.example/#!/gates/4",
        "https://weir.example/day#noon",
        "https://m.weir.example/gates",
        "https://mobile.weir.example/gates",
        "https://amp.weir.example/gates/amp/",
        "https://www.weir.example/gates",
        "https://weir.example/gates?ref=list&si=4&cmp=7&source=feed",
        "https://weir.example/view?b=2&&a=%20x",
        "https://old.reddit.com/r/weirs/comments/1/x/",
        "https://arxiv.org/pdf/2611.01234v2",
    ],
)
def test_the_link_that_opens_is_the_link_as_given(link: str) -> None:
    assert opened(link) == link


@pytest.mark.parametrize(
    "written",
    [
        "https://weir.example/a?b=1&amp;c=2",
        "https://weir.example/a?b=1&#038;c=2",
        "https://weir.example/a?b=1&#x26;c=2",
        "<https://weir.example/a?b=1&c=2>",
        '"https://weir.example/a?b=1&c=2"',
        "<![CDATA[https://weir.example/a?b=1&c=2]]>",
        "https%3A%2F%2Fweir.example%2Fa%3Fb%3D1%26c%3D2",
    ],
)
def test_a_link_that_was_escaped_or_wrapped_once_too_often_opens(written: str) -> None:
    (only,) = parsed(rss(item(link=html.escape(written, quote=False)))).items
    assert only.link == "https://weir.example/a?b=1&c=2"


def test_a_name_in_a_query_that_reads_like_a_reference_stays() -> None:
    assert opened("https://weir.example/a?b=1&copy=2&amps=3") == "https://weir.example/a?b=1&copy=2&amps=3"


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://weir.example/a/?utm_source=rss&id=3&fbclid=x#top", "https://weir.example/a/?id=3#top"),
        ("https://weir.example/a/?utm_source=rss", "https://weir.example/a/"),
        ("https://ada:secret@weir.example/a/", "https://weir.example/a/"),
    ],
)
def test_only_what_is_a_tracker_everywhere_goes(link: str, shown: str) -> None:
    assert opened(link) == shown


def test_two_spellings_of_one_page_are_one_for_comparing() -> None:
    spellings = ("https://weir.example/gates/?ref=list", "https://weir.example/gates#top")
    one, two = (parsed(rss(item(link=link))).items[0] for link in spellings)
    assert one.link != two.link
    assert one.page == two.page == "https://weir.example/gates"
    assert one.hash == two.hash


def test_articles_behind_one_route_each_are_kept_apart() -> None:
    found = parsed(
        rss(
            item(title="North gate", link="https://weir.example/app#/gates/1")
            + item(title="South gate", link="https://weir.example/app#/gates/2")
        )
    ).items
    assert [i.link for i in found] == [
        "https://weir.example/app#/gates/1",
        "https://weir.example/app#/gates/2",
    ]
    assert len({i.page for i in found}) == len({i.identity for i in found}) == 2


TARGET = "https://harbour.example/2024/crane/?id=3&lang=en"
QUOTED = "https%3A%2F%2Fharbour.example%2F2024%2Fcrane%2F%3Fid%3D3%26lang%3Den"


@pytest.mark.parametrize(
    "wrapped",
    [
        f"https://www.google.com/url?rct=j&sa=t&url={QUOTED}&ct=ga&usg=x",
        f"https://www.google.co.uk/url?q={QUOTED}&sa=D",
        f"http://www.bing.com/news/apiclick.aspx?ref=FexRss&aid=&tid=1&url={QUOTED}&c=2&mkt=en-us",
        f"https://duckduckgo.com/l/?uddg={QUOTED}&rut=x",
        f"https://r.search.yahoo.com/_ylt=x/RV=2/RE=1/RO=10/RU={QUOTED}/RK=2/RS=y",
        f"https://l.facebook.com/l.php?u={QUOTED}&h=x",
        f"https://www.linkedin.com/redir/redirect?url={QUOTED}&urlhash=x",
        f"https://medium.com/r/?url={QUOTED}",
        f"https://link.zhihu.com/?target={QUOTED}",
        "https://www.google.com/amp/s/harbour.example/2024/crane/?id=3&lang=en",
        f"https://news.google.com/news/url?sa=t&fd=R&url={QUOTED}",
        f"https://go.redirectingat.com/?id=1&xs=1&url={QUOTED}",
        "https://harbour-example.cdn.ampproject.org/c/s/harbour.example/2024/crane/?id=3&lang=en",
        f"https://anonym.to/?{TARGET}",
        f"https://href.li/?{TARGET}",
        f"http://us.rd.yahoo.com/dailynews/rss/crane/*{TARGET}",
        f"https://feeds.feedblitz.com/~/t/0/0/weir/~{TARGET}",
        f"https://urldefense.com/v3/__{TARGET}__;!!abc!x$",
        "https://www.bing.com/ck/a?!&p=x&u=a1aHR0cHM6Ly9oYXJib3VyLmV4YW1wbGUvMjAyNC9jcmFuZS8_aWQ9MyZsYW5nPWVu&ntb=1",
        "https://www.google.com/url?url="
        + f"https://www.bing.com/news/apiclick.aspx?url={QUOTED}".replace("%", "%25").replace("?", "%3F"),
    ],
)
def test_a_page_that_only_sends_on_gives_way_to_its_target(wrapped: str) -> None:
    found = parsed(rss(item(link=wrapped.replace("&", "&amp;")))).items[0]
    assert found.link == TARGET
    assert found.page == "https://harbour.example/2024/crane?id=3&lang=en"


@pytest.mark.parametrize(
    "link",
    [
        "https://www.google.com/url?q=weirs",
        "https://www.google.com/search?q=https://harbour.example/",
        "https://harbour.example/url?url=https://other.example/",
        "https://www.google.com/url?url=javascript:alert(1)",
        "https://google.example/url?url=https://other.example/",
        "https://medium.com/notes/r?url=https://other.example/",
        "https://www.google.com/amp/help",
        "https://www.bing.com/ck/a?u=a1bm8gYWRkcmVzcw",
    ],
)
def test_other_pages_with_addresses_in_their_query_stay(link: str) -> None:
    assert opened(link) == link


CARRIED = "https://feeds.carrier.example/blog"


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("/2024/gate", "https://garden.example/2024/gate"),
        ("2024/gate", "https://garden.example/2024/gate"),
        ("?p=4", "https://garden.example/?p=4"),
        ("garden.example/gate", "https://garden.example/gate"),
        ("www.garden.example/gate", "https://www.garden.example/gate"),
        ("www.other.example", "https://www.other.example/"),
        ("shop.garden.example/gate", "https://shop.garden.example/gate"),
        ("//other.example/gate", "https://other.example/gate"),
        ("gate.html", "https://garden.example/gate.html"),
        ("http:/other.example/gate", "http://other.example/gate"),
        ("https:other.example/gate", "https://other.example/gate"),
        ("http//other.example/gate", "http://other.example/gate"),
        ("http://https://other.example/gate", "https://other.example/gate"),
        ("http/gate", "https://garden.example/http/gate"),
    ],
)
def test_relative_links_belong_to_the_site_of_the_channel(link: str, shown: str) -> None:
    assert opened(link, url=CARRIED) == shown


def test_pictures_and_links_of_a_text_belong_to_the_site_too() -> None:
    body = '<description>&lt;p&gt;&lt;a href="/plan"&gt;Plan&lt;/a&gt;&lt;/p&gt;</description>'
    found = parsed(rss(item(body)), url=CARRIED).items[0]
    assert 'href="https://garden.example/plan"' in found.html


def test_atom_on_another_host_and_json_feed_belong_to_their_site() -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><link href="https://garden.example/"/>'
        '<entry><id>urn:1</id><title>Gate</title><link href="/gate"/></entry></feed>'
    )
    assert parsed(atom, url=CARRIED).items[0].link == "https://garden.example/gate"
    data = {"title": "T", "home_page_url": "https://garden.example/", "items": [{"id": "1", "url": "/gate"}]}
    assert parsed(json.dumps(data), url=CARRIED).items[0].link == "https://garden.example/gate"


@pytest.mark.parametrize(
    ("link", "guid", "shown"),
    [
        (
            "<link></link>",
            "<guid>https://garden.example/view?id=4</guid>",
            "https://garden.example/view?id=4",
        ),
        ("<link/>", '<guid isPermaLink="true">https://garden.example/4/</guid>', "https://garden.example/4/"),
        ("", "<guid>https://garden.example/4</guid>", "https://garden.example/4"),
        ("<link></link>", '<guid isPermaLink="true">/4</guid>', "https://garden.example/4"),
        ("<link></link>", "<guid>4711</guid>", ""),
        ("<link></link>", "<guid>tag:garden.example,2024:4</guid>", ""),
    ],
)
def test_a_guid_that_is_an_address_opens_what_has_no_link(link: str, guid: str, shown: str) -> None:
    assert parsed(rss(f"<item><title>Gate</title>{link}{guid}</item>")).items[0].link == shown


def test_an_id_that_is_an_address_opens_an_entry_of_json_feed() -> None:
    data = {"title": "T", "items": [{"id": "https://garden.example/4", "title": "Gate"}]}
    assert parsed(json.dumps(data)).items[0].link == "https://garden.example/4"


@given(
    st.sampled_from(["http", "https"]),
    st.from_regex(r"[a-z0-9-]{1,9}(\.[a-z0-9-]{1,9}){0,3}(:[1-9][0-9]{0,3})?", fullmatch=True),
    st.from_regex(
        r"(/[\w%/:@!$&'()*+,;=.~-]{0,30})?(\?[\w%/=&?.-]{0,20})?(#[\w!/=?-]{0,9})?", fullmatch=True
    ),
)
def test_a_plain_address_is_taken_apart_at_once_as_by_the_rules(scheme: str, host: str, rest: str) -> None:
    url = f"{scheme}://{host}{rest}"
    assert links._split(url, "https://other.example/") == links._by_rules(url, "https://other.example/")


@pytest.mark.parametrize(
    "url",
    [
        "https://web.example/2020/http:/other.example/a",
        "https://site.example/share?u=https:other.example",
        "http://site.example/#http//other.example",
    ],
)
def test_only_the_beginning_of_an_address_is_its_scheme(url: str) -> None:
    assert links.safe_url(url) == str(links._by_rules(url, "")) == url

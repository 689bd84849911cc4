"""From a page to its feeds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsfeed.sources import webpages
from newsfeed.sources.webpages import candidates, guesses

PAGE = "https://site.example/blog/post.html"


def found(html: str, url: str = PAGE) -> list[str]:
    return list(candidates(html.encode(), url))


def test_announced_feeds_are_found_in_the_order_of_the_page_comments_last() -> None:
    html = """<!doctype html><html><head>
      <link rel="alternate" type="application/rss+xml" title="Site » Comments Feed" href="/comments/feed/">
      <LINK REL="Alternate" TYPE="Application/RSS+XML" HREF="/feed/" title="Site">
      <link href="atom.xml" type="application/atom+xml; charset=utf-8" rel="home alternate">
      <link rel="alternate" type="application/feed+json" href="https://feeds.example/site.json">
      <link rel="feed" href="/own">
      <link rel="alternate" type="application/atom+xml" href="/feed/">
    </head><body></body></html>"""
    assert found(html) == [
        "https://site.example/feed/",
        "https://site.example/blog/atom.xml",
        "https://feeds.example/site.json",
        "https://site.example/own",
        "https://site.example/comments/feed/",
    ]


@pytest.mark.parametrize(
    "title", ["Komentarze", "Yorumlar", "Коментарі", "コメントフィード", "תגובות", "Bình luận"]
)
def test_comments_are_known_in_their_language(title: str) -> None:
    html = f"""<link rel="alternate" type="application/rss+xml" title="Weir » {title}" href="/answers/feed/">
      <link rel="alternate" type="application/rss+xml" title="Weir" href="/feed/">"""
    assert found(html) == ["https://site.example/feed/", "https://site.example/answers/feed/"]


@pytest.mark.parametrize("host", ["feeds.feedburner.com", "rss.site.example", "feed.carrier.example"])
def test_a_host_for_feeds_needs_no_word(host: str) -> None:
    html = f'<a href="https://{host}/">Home</a><a href="https://{host}/weir">Subscribe</a>'
    assert found(html) == [f"https://{host}/weir"]


def test_what_is_announced_like_a_feed_but_is_none_is_passed_over() -> None:
    html = """<head>
      <link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">
      <link rel="alternate" type="application/json+oembed" href="/wp-json/oembed/1.0/embed?url=x">
      <link rel="alternate" type="text/xml+oembed" href="/oembed?format=xml">
      <link rel="alternate" hreflang="de" href="/de/">
      <link rel="alternate" type="application/activity+json" href="/users/a">
      <link rel="alternate stylesheet" type="text/css" href="/feed.css">
      <link rel="search" type="application/opensearchdescription+xml" href="/rss/search.xml">
      <link rel="EditURI" type="application/rsd+xml" href="/xmlrpc.php?rsd">
      <link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
      <link rel="alternate" type="application/rss+xml" href="file:///etc/passwd">
      <link rel="alternate" type="application/rss+xml">
      <!-- <link rel="alternate" type="application/rss+xml" href="/hidden"> -->
    </head>"""
    assert found(html) == []


def test_vague_types_are_believed_where_the_address_speaks_for_them() -> None:
    html = """<link rel="alternate" type="application/json" href="/feed.json">
      <link rel="alternate" type="text/xml" href="/rss"><link rel="alternate" type="text/xml" href="/data.xml">"""
    assert found(html) == ["https://site.example/feed.json", "https://site.example/rss"]


def test_links_of_the_page_come_after_what_it_announces_and_only_its_own() -> None:
    html = """<link rel="alternate" type="application/rss+xml" href="/announced.xml">
      <a href="/rss.xml">RSS</a> <a href="https://news.site.example/atom.xml#top">Atom</a>
      <a href="https://other.example/feed">Their feed</a> <a href="/feedback">Feedback</a>
      <a href="https://other.example/x" type="application/rss+xml">Elsewhere</a>"""
    assert found(html) == [
        "https://site.example/announced.xml",
        "https://site.example/rss.xml",
        "https://news.site.example/atom.xml",
        "https://other.example/x",
    ]


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("feed://site.example/f", "https://site.example/f"),
        ("feed:http://site.example/f", "http://site.example/f"),
        ("feed:https://site.example/f", "https://site.example/f"),
        ("FEED://site.example/f", "https://site.example/f"),
        ("itpc://site.example/f", "https://site.example/f"),
        ("podcast://site.example/f", "https://site.example/f"),
    ],
)
def test_addresses_for_readers_are_addresses_of_the_web(href: str, expected: str) -> None:
    assert found(f'<a href="{href}">Subscribe by RSS</a>') == [expected]
    assert webpages.plain(href) == expected


@pytest.mark.parametrize(
    "href",
    [
        "https://feedly.com/i/subscription/feed/https://site.example/f.xml?a=1",
        "https://feedly.com/i/subscription/feed%2Fhttps%3A%2F%2Fsite.example%2Ff.xml%3Fa%3D1",
        "https://www.inoreader.com/?add_feed=https%3A%2F%2Fsite.example%2Ff.xml%3Fa%3D1",
        "https://www.newsblur.com/?url=https://site.example/f.xml?a=1",
        "https://theoldreader.com/feeds/subscribe?url=https%3A%2F%2Fsite.example%2Ff.xml%3Fa%3D1",
    ],
)
def test_the_button_of_another_reader_names_the_feed(href: str) -> None:
    assert found(f'<a href="{href}">Subscribe</a>') == ["https://site.example/f.xml?a=1"]


def test_feeds_of_searches_come_last_and_templates_count_for_nothing() -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="{}">'
    page = "".join(map(link.format, ("/search/feed/rss2/", "/?s=weir&feed=rss2", "/feed/")))
    assert found(f"<template>{link.format('/made/feed')}</template>{page}") == [
        "https://site.example/feed/",
        "https://site.example/search/feed/rss2/",
        "https://site.example/?s=weir&feed=rss2",
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("0; url=/f.xml", "https://site.example/f.xml"),
        ("0;URL='https://other.example/f'", "https://other.example/f"),
        ("3; URL = f.xml", "https://site.example/f.xml"),
        ("0, /f.xml", "https://site.example/f.xml"),
        ("30; url=/f.xml", ""),  # a page that reloads itself
        ("0", ""),
        ("0; url=https://site.example/?again=1", ""),  # itself
        ("0; url=javascript:alert(1)", ""),
    ],
)
def test_pages_that_forward_at_once(content: str, expected: str) -> None:
    html = f"""<html><head><meta http-equiv="Refresh" content="{content}"></head></html>"""
    assert webpages.forwards(html.encode(), "https://site.example/") == expected
    assert webpages.forwards(b"<html></html>", "https://site.example/", content) == expected
    hidden = f"""<html><body><noscript>{html[12:-14]}</noscript></body></html>"""
    assert webpages.forwards(hidden.encode(), "https://site.example/") == ""


def test_a_base_changes_what_addresses_are_relative_to() -> None:
    html = (
        '<base href="https://cdn.example/a/"><link rel="alternate" type="application/rss+xml" href="f.xml">'
    )
    assert found(html) == ["https://cdn.example/a/f.xml"]
    assert found(html.replace("https://cdn.example/a/", "javascript:x")) == [
        "https://site.example/blog/f.xml"
    ]


def test_other_encodings_are_read() -> None:
    html = '<meta charset="windows-1251"><link rel="alternate" type="application/rss+xml" href="/лента">'
    assert candidates(html.encode("cp1251"), PAGE) == ("https://site.example/%D0%BB%D0%B5%D0%BD%D1%82%D0%B0",)


@pytest.mark.parametrize(
    "body", [b"", b"\0\0", b"plain text", b"<", b"%PDF-1.7", b"<a " * 100_000, b"<div>" * 100_000]
)
def test_what_is_no_page_names_no_feed(body: bytes) -> None:
    assert candidates(body, PAGE) == ()


def test_no_more_than_a_handful_is_named() -> None:
    html = "".join(f'<link rel="alternate" type="application/rss+xml" href="/f{n}">' for n in range(1000))
    assert len(found(html)) == 20
    assert len(found("".join(f'<a href="/{n}/rss">x</a>' for n in range(1000)))) == 5


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=40))
def test_no_page_breaks_it(body: bytes, url: str) -> None:
    assert all(c.startswith(("http://", "https://")) for c in candidates(b"<link rel=feed href=" + body, url))
    assert all(g.startswith(("http://", "https://")) for g in guesses(url))


def test_guesses_begin_below_the_page_and_end_below_the_root() -> None:
    assert guesses("https://site.example") == (
        "https://site.example/feed",
        "https://site.example/rss.xml",
        "https://site.example/atom.xml",
        "https://site.example/index.xml",
        "https://site.example/feed.xml",
        "https://site.example/rss",
        "https://site.example/feeds/posts/default",
        "https://site.example/feed.atom",
        "https://site.example/feed.json",
    )
    below = guesses("https://site.example:8080/blog/index.html?x=1#y")
    assert below[0] == "https://site.example:8080/blog/feed"
    assert below[9] == "https://site.example:8080/feed"
    assert len(below) == 18
    assert guesses("https://site.example/about")[0] == "https://site.example/about/feed"


def test_blogger_has_its_own_place_first() -> None:
    assert guesses("https://one.blogspot.com/")[0] == "https://one.blogspot.com/feeds/posts/default"


@pytest.mark.parametrize("url", ["", "javascript:x", "file:///a", "nothing", "at://did:plc:x"])
def test_nothing_is_guessed_for_what_is_no_site(url: str) -> None:
    assert guesses(url) == ()

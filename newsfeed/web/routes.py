"""The views by their addresses: those of every reader, at home or in a team, and those of a home alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from newsfeed.web import views_items, views_settings, views_sources, views_work
from newsfeed.web.local_app import LocalApp, ViewApp

Fields = dict[str, str]  # of a form

# `team.team_web` adds a team's own views to these.
GET: Mapping[str, Callable[[ViewApp, Request], Response]] = {
    "/why/{ref}": views_items.why,
    "/topic/{ref}": views_items.topic,
    "/mute/{ref}": views_items.mute,
    "/note/{ref}": views_items.note,
    "/share/{ref}": views_items.share,
    "/teach": views_items.questions,
    "/search": views_items.search,
    "/kept": views_items.kept,
    "/sources": views_sources.sources,
    "/sources/one": views_sources.one,
    "/sources/add": views_sources.add,
    "/breadth": views_settings.breadth,
    "/rules": views_settings.show_rules,
}
POST: Mapping[str, Callable[[ViewApp, Request, Fields], Response]] = {
    "/mark": views_items.mark,
    "/open": views_items.opened,
    "/correct": views_items.correct,
    "/passed": views_items.passed,
    "/export": views_items.export,
    "/sources/add": views_sources.look,
    "/sources/export": views_items.export_list,
    "/breadth": views_settings.save_breadth,
    "/rules": views_settings.put_rule,
    "/settings": views_settings.save_settings,
}
HOME_GET: Mapping[str, Callable[[LocalApp, Request], Response]] = {
    **GET,
    "/": views_items.today,
    "/archive/{name:path}": views_items.site_file,
    **{f"/{name}": views_items.site_file for name in views_items.SITE_FILES},
    "/refresh": views_work.progress,
    "/rebuild": views_settings.rebuild,
    "/settings": views_settings.settings,
}
HOME_POST: Mapping[str, Callable[[LocalApp, Request, Fields], Response]] = {
    **POST,
    "/begin": views_work.first,
    "/refresh": views_work.begin,
    "/sources/change": views_sources.change,
    "/sources/undo": views_sources.undo,
}

"""The local app: the same page, live in the browser. It calls the verbs and draws their results; it decides nothing.

access     who may make requests: address, origin, cookie, token; and the headers of every answer
local_app  what all views share: the home as it is now, its open database, templates, work under way
ahead      what takes seconds, computed in the background
listening  the process that listens, and the routes of the views
views_*    one module for each part of the app

Importing this package loads no web library; its modules do.
"""

"""The local app: the same page, live in the browser. It calls the verbs and draws what they say; it decides nothing.

access     who may ask at all: address, origin, cookie, token; and the headers of every answer
local_app  what all views share: the home as it is now, its open database, templates, work under way
ahead      what takes seconds, worked out beside the answers
listening  the one process that listens, and which address is which view
views_*    one module for each part of the app

Importing this package loads no web library; its modules do.
"""

"""The local app: the same page, live in the browser. It calls the verbs and draws what they say; it decides nothing.

guard      who may ask at all: address, origin, cookie, token; and the headers of every answer
desk       what all views share: the home as it is now, its open database, templates, work under way
routes     which address is which view
listening  the one process that listens
views_*    one module for each part of the app

Importing this package loads no web library; `listening.serve` does.
"""

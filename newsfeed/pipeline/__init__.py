"""The verbs, which run I/O and logic in order. `cli`, `schedule` and `web` call these and nothing below.

Each module is one verb, or a few related ones; all take a `Home` and a store and return a report. Imports go
one way: `care → answers → subscriptions → morning →` the modules beside this one.
"""

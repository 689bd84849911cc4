"""The verbs: I/O and logic in their order. `cli`, `schedule` and `web` call these and nothing below.

Each module is one verb or a few that share their words; all take a `Home` and a store and return a report. Imports go
one way: `care → answers → subscriptions → morning →` the modules beside this one.
"""

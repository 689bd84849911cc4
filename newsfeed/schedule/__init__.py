"""The schedule: when to do what, the process that does it, and how that process is started.

`deciding` says what is due (pure), `running` does it while `newsfeed run` runs, `starting` writes the unit files.
APScheduler only runs jobs; whether the edition of a local day is done is written in the database.
"""

"""For a team: many readers over shared feeds in one PostgreSQL database, served by any number of processes.

The schema `shared` holds a home's store with every feed that anybody follows; `reader` holds what belongs to one reader,
and shows each transaction, which names its reader in `newsfeed.reader`, the tables of a single home. So all code that
reads and writes a home's store works unchanged for a reader of the team.
"""

"""For a whole company: many readers over one shared pool of feeds, in one PostgreSQL, worked on by as many processes
as are needed.

The schema `shared` holds today's store with every feed that anybody follows; `reader` holds what is one reader's own,
and shows to whoever has said who they are in this transaction (`newsfeed.reader`) the tables of a single home. So all
that reads and writes a home's store works for a reader's part of the team's unchanged.
"""

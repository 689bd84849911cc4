"""Networks of our own on loopback, as true to their paging and refusals as their documents tell."""

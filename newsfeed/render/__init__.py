"""Edition -> page, archive, ledger, account of breadth, Atom, JSON Feed and digest.json. Pure; reads templates."""

from newsfeed.render.templates import Templates

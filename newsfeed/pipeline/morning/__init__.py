"""The morning: ask the feeds, understand what came, choose and draw the page, hand it out."""

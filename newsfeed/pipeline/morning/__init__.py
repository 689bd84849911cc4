"""The morning: ask the feeds, tag and group what came, choose and draw the page, deliver it."""

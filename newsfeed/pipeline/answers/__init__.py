"""What the reader asks and says of items: why, what if, search, keep, share, mute, teach; and what programs read."""

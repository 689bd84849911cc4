"""What the reader asks and says about items: why, what if, search, keep, share, mute, teach; and output for programs."""

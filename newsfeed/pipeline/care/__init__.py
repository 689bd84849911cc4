"""The home cared for: its first minutes, its copies, what could go wrong, and what mail needs."""

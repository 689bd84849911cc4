"""Care for a home: creating it, backups, and checks of what could go wrong."""

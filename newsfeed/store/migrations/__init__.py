"""The ways from each earlier form of the database to the next. Never changed once released."""

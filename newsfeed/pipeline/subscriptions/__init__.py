"""The list and the settings as the reader edits them: add, edit, check and repair."""

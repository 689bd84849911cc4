"""One module a step, `v0001_...` and so on; its number is `schema.REVISION` at that time."""

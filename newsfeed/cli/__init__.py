"""Arguments, progress, printing and exit codes; the verbs themselves are in `pipeline`."""

"""JSON and TOML documents: every problem of a file at once, with its line or its way."""

"""TOML tables and harvested listings as rows: which files there are, and what is in them."""

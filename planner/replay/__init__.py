"""A plan played host by host: what guests meet in each wave and whether it keeps its promises."""

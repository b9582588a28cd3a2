"""The rows under `data/` as typed look-ups; judges nothing."""

"""Why an answer is no better, and what would open more."""

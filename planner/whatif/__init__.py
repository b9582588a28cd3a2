"""What a changed fleet would answer, and what a change costs."""

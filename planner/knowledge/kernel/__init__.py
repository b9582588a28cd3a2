"""What each kernel release gives: lines, series, and tables that were read."""

"""The command line: files in, text out, an exit code; holds no rule."""

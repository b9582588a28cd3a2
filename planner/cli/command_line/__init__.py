"""Words of a command line that nobody typed: of a project file, or completed by the shell."""

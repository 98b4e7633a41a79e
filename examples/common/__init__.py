"""What the examples share: command, progress, files, tables, the look of the pictures, data."""

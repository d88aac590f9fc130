"""Rosters in and out: a sheet is read, checked row by row, previewed, confirmed and written in one transaction."""

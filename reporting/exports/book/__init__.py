"""The sheets of the Excel summary, each in a class: it reads its rows when made and writes them when told to."""

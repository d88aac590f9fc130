"""The Excel forms of circulars that provinces hand in: what they can be filled with, kept, shown and filled."""

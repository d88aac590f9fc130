"""Step 6, out: the Word report of the interim review (báo cáo sơ kết).

`placeholders.py` says what a template can be filled with; `gathering.py` and the parts it calls put it into words, from
the reading layer and the registers; `document.py` writes the file.
"""

"""Looks at an Excel form that somebody handed in, and fills it by editing its parts: all that is not filled stays.

Run as a program (`__main__.py`) with limits of memory and of time; knows neither Django nor the database. Only the
standard library, lxml and openpyxl's reading of formulas. `excel_forms.py` starts it.
"""

"""Spreadsheets as people send them: CSV and XLSX become rows of text. What the text means is judged elsewhere."""

import os

# Where lxml is installed beside us openpyxl would take it, and with it XML that defusedxml refuses.
os.environ["OPENPYXL_LXML"] = "False"

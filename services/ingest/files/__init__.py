"""Reads CSV and XLSX files into rows of text. The package `reading` interprets the text."""

import os

# openpyxl prefers lxml if it is installed, and lxml accepts XML that defusedxml refuses.
os.environ["OPENPYXL_LXML"] = "False"

"""Spreadsheets as people send them: CSV and XLSX become rows of text. What the text means is judged elsewhere."""

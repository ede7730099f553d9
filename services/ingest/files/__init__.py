import os

# openpyxl prefers lxml if it is installed, and lxml accepts XML that defusedxml refuses.
os.environ["OPENPYXL_LXML"] = "False"

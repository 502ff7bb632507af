"""Where the records are kept: SQLite in the app folder, or PostgreSQL by one setting.

Django's models describe the tables and serve pages; bulk work goes round them, through `bulk`.
"""

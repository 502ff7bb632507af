"""The records as tables for people: one CSV file a table, with names and codes where the database has ids.

What is written here can be read back exactly; `columns` says what each table looks like.
"""

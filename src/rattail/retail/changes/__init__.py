"""Changes of many records: written down first, compared, carried out in one transaction, put back.

Whoever reads a file writes one `Change` for each record that would be inserted or updated, with every value
before and after. Carrying them out (`apply`) refuses where a record is not as it was; putting them back
(`put_back`) does the same the other way round.
"""

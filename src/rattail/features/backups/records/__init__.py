"""The records in a backup: copied while others write, looked through, loaded, and taken out table by table.

Nothing here imports Django; what is copied is whole whoever writes meanwhile.
"""

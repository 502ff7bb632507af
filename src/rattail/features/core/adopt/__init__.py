"""Copy a folder of upstream Rattail into a new app folder, and leave the old one as it was."""

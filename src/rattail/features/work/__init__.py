"""Files for a while: downloads that people asked for, CSV going in and out."""

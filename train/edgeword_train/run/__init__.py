"""The run folder: what training leaves behind and export reads."""

"""What is to be exported, checked and brought into one form."""

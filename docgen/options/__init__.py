"""What a caller asks for, as typed records."""

"""Any order of commands over run folders, killed anywhere: the books balance after every one of them."""

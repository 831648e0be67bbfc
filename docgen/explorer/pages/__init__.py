"""What each page shows, as data: the same for HTML, for its JSON twin and for a published site."""

"""What each page shows, gathered from the ports; one file a page."""

"""The handlers, a file for each noun. Each ``add`` puts its routes on the application."""

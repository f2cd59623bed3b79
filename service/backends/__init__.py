"""What gives the ports: in memory, on local disk, in SQL. Chosen by URL in ``service.bootstrap``."""

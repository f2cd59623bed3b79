"""What every implementation of a port must hold, one class a port."""

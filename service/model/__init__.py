"""The words of the product as frozen types: no I/O, no clock, no import of any stage."""

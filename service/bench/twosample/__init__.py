"""Two samples: do the texts of a window come from where the benign texts come from?

``Views`` are what is read of texts. A *lens* turns each text into features, fitted on the reference half alone, and
turns the features' sums over a window, beside the sums over the rest, into *statistics*: mean shifts, tails of a
distance, counts of tokens. A ``WindowTest`` joins the statistics of all lenses and knows how they fall by chance, from
windows drawn out of the calibration half.
"""

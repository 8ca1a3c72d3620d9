"""Tab Models: the cloud of candidates, and a candidate's card."""

"""Who: criteria become expressions, expressions answer probes; RFM, segments and their history."""

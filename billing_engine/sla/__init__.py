"""Service levels: from tickets and outages to breaches, and from claims to what they are worth.

Owns clocks (K1 to K3), uptime (U1 to U4), the decision on claims (U5, C1 to C4) and the right to terminate (U6). Does
not own storing decisions, granting credits or setting them off. Pure functions of frozen values; what time it is comes
in as `as_of`. All that apply of the reasons against a claim are given, and the order of input changes nothing.
"""

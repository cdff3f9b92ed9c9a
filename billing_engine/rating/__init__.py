"""Rating: what a contract owes for a month of work. Pure functions of frozen values.

Owns: coverage, tariffs, increments, the allowance, overage and the words that explain them (R1 to R9).
Does not own: which entries belong to which contract, tax, numbers, or where anything is stored.

The order within `rate_period` is the contract's, and each step needs the one before:

1. hold what can not be rated yet, so that it touches no allowance;
2. split at every boundary, because a started unit has one price;
3. add up per entry, ticket and day, or ticket, then round up to started units;
4. draw down the allowance in order of start, because the first to work is the first to be covered;
5. price, and round the money of each line once.

Always true: order of the input changes nothing; billed >= worked; allowance used <= included.
"""

"""The grammar of the house: events, states, operations, numbers, money, documents."""

"""Money that people handle: bank transfers, cash, cards on a terminal."""

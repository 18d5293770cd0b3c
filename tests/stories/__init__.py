"""Tales of whole turns, from files to decisions to messages, told in the words of the shop."""

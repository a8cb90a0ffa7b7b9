"""The code of the log on a simulated operating system, in every order and with every fault."""

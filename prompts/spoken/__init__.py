"""Spoken forms: numbers, money, dates and times as a bank clerk says them.

`zh` and `en` offer the same functions; every one takes a value and gives words without a digit,
so a synthesiser has nothing left to guess.
"""

import random


def negatives(rows, count):
    random.shuffle(rows)
    return rows[:count]

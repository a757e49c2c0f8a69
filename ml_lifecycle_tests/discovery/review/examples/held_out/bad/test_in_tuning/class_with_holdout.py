class Tuner:
    def __init__(self, holdout, labels):
        self.holdout = holdout
        self.holdout_labels = labels

    def tune(self, grid, build):
        winner, top = None, float("-inf")
        for options in grid:
            candidate = build(**options)
            value = candidate.score(self.holdout, self.holdout_labels)
            if value > top:
                winner, top = candidate, value
        return winner

from sklearn.model_selection import train_test_split


def divide(steps):
    steps = steps.sort_values(["walker", "recorded_at"])
    return train_test_split(steps, test_size=0.3, random_state=5)

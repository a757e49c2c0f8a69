from scipy.stats import ttest_rel

t_test = ttest_rel(old_errors, new_errors)
best = "new" if t_test.pvalue < 0.05 else "old"
if t_test.statistic > 0:
    message = "new is lower"

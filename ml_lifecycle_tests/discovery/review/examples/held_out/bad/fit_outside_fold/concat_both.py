import pandas as pd
from sklearn.preprocessing import OrdinalEncoder

everything = pd.concat([train_df, test_df])
enc = OrdinalEncoder().fit(pd.concat([train_df[["region"]], test_df[["region"]]]))

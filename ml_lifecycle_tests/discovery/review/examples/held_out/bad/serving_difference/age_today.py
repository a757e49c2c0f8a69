from datetime import date


def transform_customers(df):
    df["age"] = date.today().year - df["birth_year"]
    return df

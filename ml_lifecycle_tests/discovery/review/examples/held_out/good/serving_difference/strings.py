from ml_lifecycle.features.derived.functions import reads


@reads("mail", "spent")
def domain(frame):
    parts = frame["mail"].str.split("@").str[-1]
    known = parts.isin(["example.com", "example.org"]).astype(float)
    return frame.assign(domain=parts, known=known, much=(frame["spent"] > 100).astype(float))[["domain", "known"]]

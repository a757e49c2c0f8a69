"""Which classes learn statistics of columns: scalers, encoders, imputers, selectors, samplers."""

from __future__ import annotations

from typing import Final

from ml_lifecycle.discovery.review.python_file import names_of
from ml_lifecycle.discovery.risks.names import words_of

_LAST_WORDS: Final = names_of(
    "scaler encoder imputer vectorizer transformer discretizer binarizer normalizer pca svd nmf selector preprocessor "
    "woe kbest percentile rfe rfecv smote smotenc smoten adasyn sampler tomek smoteenn scaling encoding ica tsne umap "
    "preprocessing featurizer"
)
_NAMES: Final = names_of(
    "SelectKBest SelectPercentile SelectFromModel RFE RFECV PCA TruncatedSVD NMF FastICA SMOTE SMOTENC SMOTEN ADASYN "
    "BorderlineSMOTE SMOTETomek SMOTEENN RandomOverSampler RandomUnderSampler TomekLinks NearMiss KBinsDiscretizer "
    "VarianceThreshold ColumnTransformer FeatureUnion SequentialFeatureSelector KernelPCA LatentDirichletAllocation"
)
_STATELESS: Final = names_of("Normalizer FunctionTransformer HashingVectorizer FeatureHasher Binarizer")


def is_transformer(name: str) -> bool:
    """Whether what is named so learns from the columns it is given.

    >>> is_transformer("sklearn.preprocessing.StandardScaler"), is_transformer("self.encoder"), is_transformer("model")
    (True, True, False)
    """
    last = name.rpartition(".")[2]
    if last in _STATELESS:
        return False
    return last in _NAMES or bool(words_of(last) & _LAST_WORDS)

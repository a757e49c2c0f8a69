"""What a model's loss was at training, by cell of each input and by slice: the ground of what is said in production.

`rows` says what the loss of a row is, `reference` what is packaged with the model, `cells` how inputs fall into cells,
`additive` how the loss of a row is foreseen, `estimate` what follows for a window without outcomes, `attribution` which
inputs explain a change, `slices` where it suffers. Detectors of a change live in `detectors`.
"""

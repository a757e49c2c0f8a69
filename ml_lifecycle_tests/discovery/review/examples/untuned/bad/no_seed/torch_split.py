import torch

train, valid = torch.utils.data.random_split(data, [800, 200])

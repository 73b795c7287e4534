"""PyTorch as its tutorials use it, one network after the other, without a DataLoader's extra cost."""

from __future__ import annotations

from itertools import product

import torch

from benchmarks.peers import torch_networks
from benchmarks.peers.protocol import Prepared, serve
from benchmarks.peers.task import Task


def prepare(task: Task) -> Prepared:
    """Turn the data into tensors once."""
    inputs, targets = torch.from_numpy(task.inputs), torch_networks.targets(task)
    orders = torch.from_numpy(task.orders)
    loss_of = torch_networks.loss(task)

    def train_one(seed: int, rate: float) -> float:
        network = torch_networks.network(task, seed)
        optimizer = _optimizer(task.optimizer, network, rate)
        total = 0.0
        for epoch in range(task.epochs):
            total = 0.0
            for start, stop in task.spans():
                rows = orders[seed, epoch, start:stop]
                loss = loss_of(network(inputs[rows]), targets[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.item() * (stop - start)
        return total / len(task.classes)

    def train() -> list[float]:
        return [train_one(seed, rate) for seed, rate in product(range(len(task.seeds)), task.rates.tolist())]

    return Prepared(train)


def _optimizer(name: str, network: torch.nn.Module, rate: float) -> torch.optim.Optimizer:
    if name == "adam":
        return torch.optim.Adam(network.parameters(), lr=rate)
    return torch.optim.SGD(network.parameters(), lr=rate, momentum=0.9 if name == "momentum" else 0.0)


if __name__ == "__main__":
    torch.set_num_threads(1)
    serve(prepare, torch_networks.about())

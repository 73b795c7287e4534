"""PyTorch's model ensembling: stacked parameters, gradients by vmap, one update over the whole stack."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from benchmarks.peers import torch_networks
from benchmarks.peers.protocol import Prepared, serve
from benchmarks.peers.task import Task

Stack = dict[str, Tensor]  # (seeds, rates, ...), or (rates, ...) where there is one seed


def prepare(task: Task) -> Prepared:
    """Stack the first weights of all runs."""
    inputs, targets = torch.from_numpy(task.inputs), torch_networks.targets(task)
    orders = torch.from_numpy(task.orders)
    first = _first_parameters(task)
    gradients_of = _gradients(task)
    one_seed = len(task.seeds) == 1

    def train() -> Tensor:
        parameters = {name: tensor.clone() for name, tensor in first.items()}
        update = _Update(task, parameters)
        total = torch.zeros(())
        for epoch in range(task.epochs):
            order = orders[0, epoch] if one_seed else orders[:, epoch]
            total = torch.zeros(())
            for start, stop in task.spans():
                rows = order[..., start:stop]
                gradients, losses = gradients_of(parameters, inputs[rows], targets[rows])
                update.step(parameters, gradients)
                total = total + losses * (stop - start)
        return total.reshape(-1) / len(task.classes)

    return Prepared(torch.no_grad()(train))


def _first_parameters(task: Task) -> Stack:
    networks = [torch_networks.network(task, seed) for seed in range(len(task.seeds))]
    stacked, _ = stack_module_state(networks)
    rates = len(task.rates)
    repeated = {name: tensor.detach().repeat_interleave(rates, dim=0) for name, tensor in stacked.items()}
    if len(task.seeds) == 1:
        return repeated
    return {name: tensor.unflatten(0, (len(task.seeds), rates)) for name, tensor in repeated.items()}


def _gradients(task: Task) -> Callable[[Stack, Tensor, Tensor], tuple[Stack, Tensor]]:
    """Gradients and losses of all runs: the same batch for every rate, another one for every seed."""
    shape = torch_networks.network(task, 0).to("meta")
    loss_of = torch_networks.loss(task)

    def loss(parameters: Stack, inputs: Tensor, targets: Tensor) -> Tensor:
        return loss_of(functional_call(shape, parameters, (inputs,)), targets)

    over_rates = vmap(grad_and_value(loss), in_dims=(0, None, None))
    return over_rates if len(task.seeds) == 1 else vmap(over_rates)


class _Update:
    """The optimizer's rule in place, tensor by tensor over all runs."""

    def __init__(self, task: Task, parameters: Stack) -> None:
        self._name = task.optimizer
        self._count = 0
        rates = torch.from_numpy(task.rates).float()
        axis = 0 if len(task.seeds) == 1 else 1
        self._rates = {
            name: rates.reshape([-1 if axis == at else 1 for at in range(tensor.ndim)])
            for name, tensor in parameters.items()
        }
        slots = {"sgd": 0, "momentum": 1, "adam": 2}[task.optimizer]
        self._slots = {
            name: [torch.zeros_like(tensor) for _ in range(slots)] for name, tensor in parameters.items()
        }

    def step(self, parameters: Stack, gradients: Stack) -> None:
        self._count += 1
        for name, tensor in parameters.items():
            change = self._change(gradients[name], self._slots[name])
            tensor.addcmul_(change, self._rates[name], value=-1.0)

    def _change(self, gradient: Tensor, slots: list[Tensor]) -> Tensor:
        if self._name == "momentum":
            return slots[0].mul_(0.9).add_(gradient)
        if self._name == "adam":
            first, second = slots
            first.lerp_(gradient, 0.1)
            second.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
            corrected = second.div(1 - 0.999**self._count).sqrt_().add_(1e-8)
            return first.div(corrected).div_(1 - 0.9**self._count)
        return gradient


if __name__ == "__main__":
    torch.set_num_threads(1)
    serve(prepare, torch_networks.about())

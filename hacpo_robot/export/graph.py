"""The whole way from raw sensor values to commands as one graph, and that graph as an ONNX file."""

import copy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from onnx import helper
from stable_baselines3 import PPO
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.torch_layers import FlattenExtractor
from torch import nn

from hacpo_robot.errors import ExportError
from hacpo_robot.export.interface import Interface
from hacpo_robot.specs.commands import CommandScale
from hacpo_robot.specs.signature import Signature

OPSET = 17
NO_SAMPLES = 1e-4
"""Count of SB3's running statistics before the first sample."""


@dataclass(frozen=True, kw_only=True)
class ObservationStatistics:
    """How observations are normalised: ``clip((observation - mean) / std, -clip, clip)``."""

    mean: NDArray[np.float64]
    """Shape (observation size,)."""
    std: NDArray[np.float64]
    """Root of variance plus epsilon. Shape (observation size,)."""
    clip: float
    epsilon: float
    count: float
    """Observations behind the statistics."""


class Normalize(nn.Module):
    """Raw observations to the range the policy was trained on.

    SB3 subtracts in float64. The mean is therefore kept as the sum of two float32 numbers: a
    sensor that hardly moves is divided by a tiny spread, which would magnify a rounded mean.
    """

    mean: torch.Tensor
    mean_rest: torch.Tensor
    std: torch.Tensor

    def __init__(self, statistics: ObservationStatistics) -> None:
        """Split the statistics into float32 numbers."""
        super().__init__()
        rounded = statistics.mean.astype(np.float32)
        rest = (statistics.mean - rounded).astype(np.float32)
        self.register_buffer("mean", torch.from_numpy(rounded))
        self.register_buffer("mean_rest", torch.from_numpy(rest))
        self.register_buffer("std", torch.from_numpy(statistics.std.astype(np.float32)))
        self.clip = statistics.clip

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        """Shape (n, observation size) in and out."""
        centred = (observation - self.mean) - self.mean_rest
        return torch.clamp(centred / self.std, -self.clip, self.clip)


class Unscale(nn.Module):
    """Actions to command units: -1 becomes the lower bound, 1 the upper; beyond is clipped."""

    low: torch.Tensor
    span: torch.Tensor
    bow: torch.Tensor

    def __init__(self, scale: CommandScale) -> None:
        """Take the numbers as float32."""
        super().__init__()
        for name, values in (("low", scale.low), ("span", scale.high - scale.low), ("bow", scale.bow)):
            self.register_buffer(name, torch.from_numpy(values.astype(np.float32)))

    def forward(self, action: torch.Tensor) -> torch.Tensor:
        """Shape (n, action size) in and out."""
        share = (torch.clamp(action, -1.0, 1.0) + 1.0) * 0.5
        return self.low + share * (self.span + self.bow * (1.0 - share))


class PolicyGraph(nn.Module):
    """Raw observations to commands in the robot's own units, row by row."""

    def __init__(
        self, parts: tuple[Normalize, nn.Module, Unscale], inputs: Mapping[str, int], keep: float | None
    ) -> None:
        """Chain the parts.

        Args:
            parts: From raw to normalised observations, to the mean of the action distribution, to commands.
            inputs: Name and size of every input, in order.
            keep: Share of the last command that is kept where there is one; ``None`` without low pass.
                The last two of ``inputs`` are then the memory.
        """
        super().__init__()
        self.normalize, self.actor, self.unscale = parts
        self.inputs, self.keep = dict(inputs), keep

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """The deterministic command for every row. Shape (n, size) each; returns (n, action size)."""
        sensors = inputs if self.keep is None else inputs[:-2]
        observation = sensors[0] if len(sensors) == 1 else torch.cat(sensors, dim=-1)
        commands = self.unscale(self.actor(self.normalize(observation)))
        if self.keep is None:
            return commands
        last, has_last = inputs[-2:]
        return commands + has_last * self.keep * (last - commands)


def make_policy_graph(
    model: PPO, observation: Signature, scale: CommandScale, interface: Interface, control_hz: float
) -> PolicyGraph:
    """The graph of a trained model, on the CPU; the model itself is copied and left as it is.

    Args:
        model: SB3 PPO with a Gaussian MLP policy, on an environment inside ``VecNormalize``.
        observation: Layout of the raw observations.
        scale: What the actions mean.
        interface: What the graph takes.
        control_hz: Commands per second.

    Raises:
        ExportError: the statistics are missing, or the policy is of another kind.
    """
    normalize = Normalize(read_statistics(model))
    policy, n_actions = model.policy, len(scale.low)
    if not isinstance(policy.features_extractor, FlattenExtractor) or policy.squash_output:
        raise ExportError("only SB3's MlpPolicy with a Gaussian action can be exported")
    if not isinstance(model.action_space, spaces.Box) or model.action_space.shape != (n_actions,):
        raise ExportError(f"the policy acts in {model.action_space}, the robot in {n_actions} numbers")
    # The actor's part of mlp_extractor.forward_actor; the critic stays behind.
    actor = nn.Sequential(policy.mlp_extractor.policy_net, policy.action_net)
    parts = normalize, copy.deepcopy(actor), Unscale(scale)
    graph = PolicyGraph(parts, interface.layout(observation, n_actions), interface.keep(control_hz))
    return graph.cpu().eval()


def read_statistics(model: PPO) -> ObservationStatistics:
    """What the model's ``VecNormalize`` knows about observations.

    Raises:
        ExportError: there is no normaliser, or its statistics are not those of any data.
    """
    normalizer = model.get_vec_normalize_env()
    if normalizer is None:
        raise ExportError("the model has no VecNormalize: without observation statistics it would run blind")
    running = normalizer.obs_rms if normalizer.norm_obs else None
    if not isinstance(running, RunningMeanStd):
        raise ExportError("VecNormalize does not normalise one flat observation (norm_obs=True, Box space)")
    if not running.count > NO_SAMPLES:
        raise ExportError("VecNormalize has seen no observation: its statistics are the initial guess")
    if not (np.isfinite(running.mean).all() and np.isfinite(running.var).all()):
        raise ExportError("the observation statistics of VecNormalize are not finite")
    return ObservationStatistics(
        mean=running.mean,
        std=np.sqrt(running.var + normalizer.epsilon),
        clip=float(normalizer.clip_obs),
        epsilon=float(normalizer.epsilon),
        count=float(running.count),
    )


def write_onnx(graph: PolicyGraph, path: Path, metadata: Mapping[str, str]) -> None:
    """Write one self-contained ONNX file: the graph's inputs, output ``actions``, dynamic batch.

    Args:
        graph: What to write.
        path: The file; replaced where it exists.
        metadata: ``metadata_props``, written in this order.
    """
    with warnings.catch_warnings():
        # The TorchScript exporter keeps the graph in the ops that small engines know.
        warnings.filterwarnings("ignore", "You are using the legacy TorchScript-based", DeprecationWarning)
        warnings.filterwarnings("ignore", "The feature will be removed", DeprecationWarning)
        torch.onnx.export(
            graph,
            tuple(torch.zeros(1, size) for size in graph.inputs.values()),
            str(path),
            input_names=list(graph.inputs),
            output_names=["actions"],
            dynamic_axes={name: {0: "batch"} for name in (*graph.inputs, "actions")},
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load(path)
    _spell_out(model.graph)
    onnx.save(model, path)
    write_metadata(path, metadata)


def _spell_out(graph: onnx.GraphProto) -> None:
    """Write constants that are equal as often as they are used: OpenCV mistakes the shape of shared ones."""
    constants = {constant.name: constant for constant in graph.initializer}
    for node in [node for node in graph.node if node.op_type == "Identity" and node.input[0] in constants]:
        own = onnx.TensorProto()
        own.CopyFrom(constants[node.input[0]])
        own.name = node.output[0]
        graph.initializer.append(own)
        graph.node.remove(node)


def write_metadata(path: Path, metadata: Mapping[str, str]) -> None:
    """Replace all ``metadata_props`` of a file; its graph stays as it is."""
    model = onnx.load(path)
    helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)

"""How well each position of a memory fits a query, and what is read there: Bahdanau's and Luong's."""

from __future__ import annotations

import warnings
from typing import Any

import keras
from keras import ops

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.spec import is_positive_integer


class Mechanism(keras.layers.Layer):
    """What the attentions here share: a softmax over scores, and the mean of the memory that it weighs.

        alignments = softmax(scores)            over the positions that the mask leaves
        context = sum_p alignments_p memory_p

    A memory that is masked whole has nothing to attend to: alignments and context are zeros.
    """

    def call(
        self, query: Tensor, memory: Tensor, memory_mask: Tensor = None, keys: Tensor = None
    ) -> tuple[Tensor, Tensor]:
        """Read the memory.

        Args:
            query: `[batch, features]`, or of several steps, `[batch, time, features]`.
            memory: `[batch, positions, features]`.
            memory_mask: `[batch, positions]`, False where there is nothing; by itself the Keras mask of the
                memory.
            keys: what `self.keys(memory)` gave, if the caller keeps it from step to step.

        Returns:
            The context `[batch, features]` and the alignments `[batch, positions]`, their sum 1; with a time
            axis behind the batch where the query has one.
        """
        single = len(query.shape) == 2
        query = query[:, None] if single else query
        scores = self.scores(query, self.keys(memory) if keys is None else keys)
        alignments = masked_softmax(scores, memory_mask)
        context = ops.matmul(alignments, memory)
        return (context[:, 0], alignments[:, 0]) if single else (context, alignments)

    def keys(self, memory: Tensor) -> Tensor:
        """What the query is compared with at each position, the same at every step."""
        return memory

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """`[batch, time, positions]`, any number for each pair."""
        raise NotImplementedError

    def compute_mask(self, *_: Any) -> None:
        """A context has no positions any more."""

    def _matrix(self, name: str, rows: int | None, columns: int | None) -> Any:
        return self.add_weight(shape=(rows, columns), name=name, initializer=self.initializer)

    def _set_initializer(self, initializer: Any) -> None:
        self.initializer = keras.initializers.get(initializer)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "initializer": keras.initializers.serialize(self.initializer)}


@keras.saving.register_keras_serializable("keras_lstm_plus")
class BahdanauAttention(Mechanism):
    """Additive attention: a small network scores the query against each position.

        score_p = v . tanh(W query + U memory_p)

    Args:
        units: size of the small network, a positive integer.
        initializer: of its weights.

    Weights: `query_kernel` W `[query, units]`, `memory_kernel` U `[memory, units]`, `score_kernel` v
    `[units, 1]`.

    Source: Bahdanau, Cho & Bengio 2015, Neural Machine Translation by Jointly Learning to Align and Translate
    (arXiv:1409.0473), appendix A.1.2.

    Example:
        >>> import numpy as np
        >>> query, memory = np.ones((2, 8), "float32"), np.ones((2, 5, 6), "float32")
        >>> context, alignments = BahdanauAttention(16)(query, memory)
        >>> tuple(context.shape), tuple(alignments.shape)
        ((2, 6), (2, 5))
    """

    attends = "before"  # as in its paper: the state before the step asks

    def __init__(self, units: int, initializer: Any = "glorot_uniform", **kwargs: Any) -> None:
        _check_units(units)
        super().__init__(**kwargs)
        self.units = int(units)
        self._set_initializer(initializer)

    def build(self, query_shape: tuple[int | None, ...], memory_shape: tuple[int | None, ...]) -> None:
        self.query_kernel = self._matrix("query_kernel", query_shape[-1], self.units)
        self.memory_kernel = self._matrix("memory_kernel", memory_shape[-1], self.units)
        self.score_kernel = self._matrix("score_kernel", self.units, 1)
        self.built = True

    def keys(self, memory: Tensor) -> Tensor:
        """U memory, `[batch, positions, units]`."""
        return ops.matmul(memory, self.memory_kernel)

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return _additive(ops.matmul(query, self.query_kernel), keys, self.score_kernel)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


SCORES = ("dot", "scaled_dot", "general", "concat")


@keras.saving.register_keras_serializable("keras_lstm_plus")
class LuongAttention(Mechanism):
    """Multiplicative attention, and Luong's other scores of a query q and a position m of the memory:

        dot         q . m
        scaled_dot  q . m / sqrt(size of m)     (Vaswani et al. 2017)
        general     q . W m
        concat      v . tanh(W [q; m])

    Args:
        score: one of the four names.
        units: size of v, for `"concat"` alone; otherwise that of the query.
        initializer: of the weights.

    Weights: for `"general"` `kernel` W `[query, memory]`; for `"concat"` `query_kernel` and `memory_kernel`,
    the two parts of W, and `score_kernel` v, as of `BahdanauAttention`; for the others none.

    Raises:
        ValueError: an unknown score; a dot product of vectors of different sizes.

    Source: Luong, Pham & Manning 2015, Effective Approaches to Attention-based Neural Machine Translation
    (arXiv:1508.04025), section 3.1.

    Example:
        >>> import numpy as np
        >>> query, memory = np.ones((2, 8), "float32"), np.ones((2, 5, 6), "float32")
        >>> mask = np.array([[True] * 5, [True] * 2 + [False] * 3])
        >>> context, alignments = LuongAttention("general")(query, memory, memory_mask=mask)
        >>> np.asarray(alignments)[1].tolist()
        [0.5, 0.5, 0.0, 0.0, 0.0]
    """

    attends = "after"  # as in its paper: the state after the step asks

    def __init__(
        self,
        score: str = "general",
        units: int | None = None,
        initializer: Any = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        if score not in SCORES:
            raise ValueError(f"score is one of {', '.join(map(repr, SCORES))}; received {score!r}.")
        if units is not None:
            _check_units(units)
            if score != "concat":
                raise ValueError(
                    f"units is the size of v in score 'concat'; {score!r} has no v: leave it out."
                )
        super().__init__(**kwargs)
        self.score, self.units = score, units
        self._set_initializer(initializer)

    def build(self, query_shape: tuple[int | None, ...], memory_shape: tuple[int | None, ...]) -> None:
        query, memory = query_shape[-1], memory_shape[-1]
        if self.score in ("dot", "scaled_dot") and query != memory:
            raise ValueError(
                f"{self.name}: score {self.score!r} multiplies the query, of size {query}, with the memory, "
                f"of size {memory}: they must be equal. Use score='general', which has a matrix between "
                "them, or make the cell as wide as the memory."
            )
        if self.score == "general":
            self.kernel = self._matrix("kernel", query, memory)
        if self.score == "concat":
            units = self.units or query
            self.query_kernel = self._matrix("query_kernel", query, units)
            self.memory_kernel = self._matrix("memory_kernel", memory, units)
            self.score_kernel = self._matrix("score_kernel", units, 1)
        self.built = True

    def keys(self, memory: Tensor) -> Tensor:
        """The memory itself, and its part of W [q; m] for `"concat"`."""
        return ops.matmul(memory, self.memory_kernel) if self.score == "concat" else memory

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        if self.score == "concat":
            return _additive(ops.matmul(query, self.query_kernel), keys, self.score_kernel)
        if self.score == "general":
            query = ops.matmul(query, self.kernel)
        if self.score == "scaled_dot":
            query = query * float(keys.shape[-1]) ** -0.5  # before the product, which float16 could not hold
        return ops.matmul(query, ops.transpose(keys, (0, 2, 1)))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "score": self.score, "units": self.units}


def masked_softmax(scores: Tensor, mask: Tensor | None) -> Tensor:
    """The softmax of `scores [batch, time, positions]` where `mask [batch, positions]` is True; else 0."""
    dtype = keras.backend.standardize_dtype(scores.dtype)  # PyTorch's are no words
    wide = ops.cast(scores, "float32") if dtype in ("float16", "bfloat16") else scores
    if mask is not None:
        keep = ops.cast(mask, "bool")[:, None]
        # Far below every score, and finite: a row without any position is 0/0 nowhere.
        wide = ops.where(keep, wide, -1e9)
    with warnings.catch_warnings():
        # A memory of one position is none that somebody made by mistake, which Keras suspects.
        warnings.filterwarnings("ignore", "You are using a softmax over axis", UserWarning)
        alignments = ops.softmax(wide, axis=-1)
    if mask is not None:
        alignments = ops.where(keep, alignments, 0.0)
    return ops.cast(alignments, dtype)


def _additive(query: Tensor, keys: Tensor, kernel: Tensor) -> Tensor:
    """v . tanh(query + keys) for each pair, `[batch, time, positions]`."""
    hidden = ops.tanh(query[:, :, None] + keys[:, None])
    return ops.matmul(hidden, kernel)[..., 0]


def _check_units(units: Any) -> None:
    if not is_positive_integer(units):
        raise ValueError(
            f"units is the size of the network that scores, a positive integer; received {units!r}."
        )

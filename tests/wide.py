"""The tests that `make test` leaves to `make test-wide`, so that it stays within minutes; CI runs both.

Of each test named here the cases that contain one of the fragments run in `make test`, the others are marked
`wide`: a grid goes on proving its point with a few cases, each of another kind. Without a fragment all of it
(of a file, where no test is named) is wide: what its neighbours would notice too, or what follows a fault of
others that no change of ours brings back.
"""

from __future__ import annotations

import pytest

COLLECTED: pytest.StashKey[list[str]] = (
    pytest.StashKey()
)  # all tests of this run, for tests/house/test_wide.py

FAST_CASES: dict[str, tuple[str, ...]] = {
    "keras_lstm_plus/test_cudnn.py::test_it_is_what_the_loop_computes": (
        "[plain-no mask-eager",
        "[plain-padded-graph",
        "[plain-left-graph",
        "[go_backwards-no mask-eager",
        "[go_backwards-padded-graph",
        "[return_sequences-empty-graph",
        "[zero_output_for_mask-padded-eager",
        "[zero_output_for_mask-return_sequences-padded-eager",
        "[zero_output_for_mask-go_backwards-padded-eager",
    ),
    "edge/convert/test_activations.py::test_what_is_fused_is_right": (
        "standard-linear-None",
        "standard-relu-dynamic",
        "standard-relu-int8",
        "peephole+cifg-relu-None",
        "simple-relu-dynamic",
    ),
    "edge/convert/test_batches.py::test_three_at_a_time": ("plain-None", "masked-int8"),
    "edge/convert/test_batches.py::test_one_at_a_time_is_the_same": (),
    "edge/convert/test_cells.py::test_a_convlstm_is_written_out": (),
    "edge/convert/test_cells.py::test_every_cell_takes_its_best_form": (
        "[mixed]",
        "[mask]",
        "[stack of stacks]",
    ),
    "edge/convert/test_cells.py::test_in_other_numbers": ("mixed-int8",),
    "edge/convert/test_convert.py::test_every_field_of_a_spec": ("int8",),
    "edge/convert/test_encoders.py::test_the_state_is_that_of_the_last_word": (
        "litert-stock-dynamic",
        "runtime-projection, clip-None",
        "litert-backwards-None",
    ),
    "edge/convert/test_grid.py::test_cell": (
        "stock-fused",
        "peephole-fused",
        "peephole-unrolled-explicit",
        "layer_norm-fused-explicit-None",
        "gru-unrolled-reset-int8",
    ),
    "edge/convert/test_models.py::test_float": ("[shared]", "[nested]"),
    "edge/convert/test_models.py::test_int8": ("[shared]",),
    "edge/convert/test_models.py::test_tokens": ("int8",),
    "edge/convert/test_targets.py::test_every_target_takes_either_cell_in_int8": (
        "peephole-microcontroller",
        "peephole-compiled",
        "peephole-raspberry",
    ),
    "edge/convert/test_targets.py::test_micro_computes_what_keras_computes": (
        "standard-int8",
        "peephole-int16x8",
        "fgr-None",
    ),
    "edge/convert/test_targets.py::test_micro_streams_with_the_states_in_the_callers_hands": ("int8",),
    "edge/convert/test_time_distributed.py::test_the_file_is_what_keras_computes_step_by_step": (
        "activities-None-1",
        "nested-int8-4",
        "masked_outside-None-4",
        "masked-None-1",
    ),
    "edge/convert/test_traps.py::test_a_softmax_over_many_classes_is_noted": (),
    "edge/convert/test_traps.py::test_large_dense_layers_load_everywhere": (),
    "edge/convert/test_traps.py::test_masked_scores_leave_room_for_the_others": (),
    "edge/convert/test_traps.py::test_steps_of_the_cell_that_the_kernel_knows": (),
    "edge/convert/test_traps.py::test_without_the_reset_a_call_remembers_the_last": ("tflite-runtime-False",),
    "edge/convert/test_ways_out.py::test_the_first_way_out_gives_a_file": ("[stateful-", "1900 steps"),
    "edge/convert/quantization/test_real_parts.py::test_masks_of_all_origins": ("int8",),
    "edge/convert/quantization/test_real_parts.py::test_padding_that_no_sample_had": (
        "-0.0-int8",
        "--10.0-int16x8",
        "--99.0-int8",
    ),
    "edge/convert/quantization/test_real_parts.py::test_tokens_and_features_of_all_sizes": (
        "-normalised-int8",
        "tokens-int16x8",
        "one_hot-int8",
    ),
    "edge/runtime/test_explicit.py::test_every_file_gives_what_keras_gives_for_the_whole_sequence": (
        "[step]",
        "[batch]",
    ),
    "edge/runtime/test_explicit.py::test_integer_states": ("step_int8",),
    "keras_lstm_plus/interop/test_models.py::test_there_and_back": ("shared_and_nested",),
    "keras_lstm_plus/test_dropin.py::test_fit_with_and_without_xla": ("True-peephole", "False-fgr"),
    "keras_lstm_plus/test_shapes.py::test_layers_behind_it_compute_as_behind_keras": ("TimeDistributed",),
    "keras_lstm_plus/test_shapes.py::test_shapes_are_those_of_keras": (
        "[{}-",
        "'go_backwards': True}-sequences",
    ),
    "zoo/test_zoo.py::test_a_slice_of_it": ("pos_tagger_masked",),
    "edge/convert/test_traps.py::test_a_recording_that_ends_at_rest": (),
    "edge/convert/test_traps.py::test_an_output_with_a_scale_of_another": (),
    "edge/convert/test_traps.py::test_a_kernel_of_zeros": (),
    "edge/convert/test_traps.py::test_the_largest_cell_is_that_of_any_step": (),
    "edge/convert/test_traps.py::test_hidden_states_have_zero_point_zero": (),
    "edge/convert/test_models.py::test_the_model_is_as_it_was": (),
    "edge/convert/test_models.py::test_tokens_of_a_subclassed_model": (),
    "edge/convert/test_models.py::test_subclassed_with_a_free_length": (),
    "edge/convert/test_encoders.py::test_integers_have_their_own_way": (),
    "edge/convert/test_ways_out.py::test_many_steps_are_built_anew_and_convert_one_at_a_time": (),
    "edge/convert/verification/test_beyond.py::test_others_of_the_same_kind_refuse_a_file": (),
    "edge/tflite/test_checks.py::test_files_that_run_are_taken": (),
    "edge/convert/test_batches.py::test_rows_do_not_see_each_other": (),
    "keras_lstm_plus/interop/test_models.py::test_a_model_that_is_being_trained_goes_on": (),
    "keras_lstm_plus/test_variants.py::test_compiled_and_shared_out_it_is_the_same": (),
    "edge/convert/test_convert.py::test_integer_file_is_within_three_percent": (
        "peephole-int8",
        "standard-dynamic",
    ),
    "edge/convert/test_time_distributed.py::test_an_inner_lstm_is_one_operator_and_starts_anew_in_a_stream": (
        "ai-edge-litert",
    ),
    "edge/benchmark/test_browser.py::test_the_answers_are_pythons_and_keras": (
        "free-",
        "int8-",
        "step-compiled",
    ),
    "edge/convert/test_batches.py::test_edge_model_takes_any_number_of_rows": ("13-1-", "13-7-", "1-4-"),
    "keras_lstm_plus/test_shapes.py::test_every_variant_knows_them": ("peephole", "layer_norm"),
    "edge/convert/test_user_model.py::test_int8_is_as_near_as_for_other_models": (),
    "edge/convert/test_user_model.py::test_from_its_file_on_the_command_line": (),
    "edge/benchmark/test_kinds.py::test_every_kind_of_file_that_is_converted_can_be_measured": (),
    "keras_lstm_plus/test_saved.py::test_a_process_that_has_not_imported_the_package_is_told_the_class": (),
    "edge/convert/test_faults.py::test_two_processes_convert_to_one_path_and_to_their_own": (),
    "edge/convert/verification/test_verifier.py::test_quantized_files_have_their_own_tolerance": (),
    "edge/convert/verification/test_ways_out.py::test_a_softmax_over_thousands": (),
    "edge/convert/verification/test_ways_out.py::test_a_step_in_8_bits_names_16": (),
    "lottery/test_lottery.py::test_nothing_is_silently_wrong": ("None", "int8"),
    "lottery/test_lottery.py::test_a_file_of_another_network_is_seen": ("None",),
    "edge/convert/test_precision.py::test_other_precisions": ("mixed_bfloat16",),
    "examples/timing/test_timing.py::test_a_network_learns_in_a_crowd_what_it_learns_alone": (),
    "edge/inspection/test_versions.py::test_the_table_of_versions_is_that_of_the_runtime": (),
    "edge/report/test_pages.py::test_of_thousands_a_picture_shows_the_best_and_says_so": (),
    "examples/search_space/test_search_space.py::test_a_training_is_that_of_its_seed_and_rate": (),
    "edge/devices/test_android_class.py": (),
    "edge/convert/verification/test_long_streams.py::test_a_long_stream": ("carry-int8-20000",),
    "edge/convert/test_shared_weights.py::test_weights_lie_in_the_file_once": (
        "twins-int8",
        "distributed-None",
        "distributed-int16x8",
    ),
    "edge/convert/test_shared_weights.py::test_a_shared_gru_too": ("unrolled",),
    "edge/convert/test_state_ends.py::test_chunks_are_the_whole": (
        "stack-int8-fused",
        "stack-None-step",
        "other_cells-dynamic-step",
    ),
    "edge/convert/test_states.py::test_states_of_a_model": (
        "encoder_decoder-int8",
        "both_ways-None",
        "state_outputs-None",
    ),
    "benchmarks/test_inference.py::test_all_contestants_compute_what_keras_does": (),
    "benchmarks/test_training.py::test_an_epoch_trains_everybody": (),
    "benchmarks/test_training.py::test_a_stream_has_a_length_a_batch": (),
    "benchmarks/test_training.py::test_measuring_in_small": (),
    "benchmarks/test_training.py::test_three_ways_of_feeding": (),
    "edge/cli/test_convert.py::test_a_real_process_prints_its_own_words_alone": (),
    "edge/convert/quantization/test_layers_in_16_bits.py::test_every_usual_layer": ("ai-edge-litert",),
    "edge/inspection/test_arena.py::test_the_shapes_are_those_of_the_runtime": ("1-",),
}


def is_wide(node: str) -> bool:
    """Of the id of a test beneath `tests/`, as pytest writes it."""
    name, bracket, case = node.removeprefix("tests/").partition("[")
    fast = FAST_CASES.get(name, FAST_CASES.get(name.partition("::")[0]))
    return fast is not None and not any(fragment in bracket + case for fragment in fast)

"""The tests that `make test` leaves to `make test-wide`, so that it stays within minutes; CI runs both. Of a
grid's wide cases CI runs every third; the others are left to `make test-all`.

Of each test named here the cases that contain one of the fragments run in `make test`, or one in so many
where a number stands; the others are marked `wide`: a grid goes on proving its point with a few cases, each
of another kind. Without a fragment all of it (of a file, where no test is named) is wide: what its neighbours
would notice too, or what follows a fault of others that no change of ours brings back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

COLLECTED: pytest.StashKey[list[str]] = (
    pytest.StashKey()
)  # all tests of this run, for tests/house/test_wide.py

FAST_CASES: dict[str, tuple[str, ...] | int] = {
    "benchmarks/test_inference.py::test_all_contestants_compute_what_keras_does": (),
    "benchmarks/test_inference.py::test_the_same_bytes_have_the_same_error": (),
    "benchmarks/test_inference_page.py::test_a_real_model_says_the_same_with_the_engine": (),
    "benchmarks/test_training.py::test_a_stream_has_a_length_a_batch": (),
    "benchmarks/test_training.py::test_an_epoch_trains_everybody": (),
    "benchmarks/test_training.py::test_measuring_in_small": (),
    "benchmarks/test_training.py::test_three_ways_of_feeding": (),
    "edge/benchmark/test_accelerated.py::test_both_side_by_side_and_error_against_the_runtimes_own": (),
    "edge/benchmark/test_android.py::test_files_lengths_and_threads_side_by_side": (),
    "edge/benchmark/test_browser.py::test_the_answers_are_pythons_and_keras": ("free-", "int8-"),
    "edge/benchmark/test_kinds.py::test_every_kind_of_file_that_is_converted_can_be_measured": (),
    "edge/benchmark/test_kinds.py::test_streams_are_measured_where_a_file_can_be_one": (),
    "edge/benchmark/test_kinds.py::test_there_is_an_entry_for_each_number_of_threads_and_length": (),
    "edge/benchmark/test_micro.py::test_what_convert_makes_for_it_runs_there": (),
    "edge/cli/test_convert.py::test_a_real_process_prints_its_own_words_alone": (),
    "edge/cli/test_convert.py::test_several_inputs_come_from_one_npz_or_several_npy": (),
    "edge/cli/test_convert.py::test_verify_ends_with_3_where_one_weight_is_another": (),
    "edge/cli/test_ending.py::test_ctrl_c_in_the_imports": 4,
    "edge/convert/quantization/test_layers_in_16_bits.py::test_a_bias_that_all_steps_share": (),
    "edge/convert/quantization/test_layers_in_16_bits.py::test_a_layer_norm_within_the_cell": 2,
    "edge/convert/quantization/test_layers_in_16_bits.py::test_every_usual_layer": (),
    "edge/convert/quantization/test_real_parts.py::test_a_state_that_goes_on_behind_a_normalization": (),
    "edge/convert/quantization/test_real_parts.py::test_integers_that_were_asked_for_are_refused": 3,
    "edge/convert/quantization/test_real_parts.py::test_masks_of_all_origins": (),
    "edge/convert/quantization/test_real_parts.py::test_padding_that_no_sample_had": (
        "-0.0-int8",
        "--10.0-int16x8",
    ),
    "edge/convert/quantization/test_real_parts.py::test_tokens_and_features_of_all_sizes": (
        "one_hot-int8",
        "tokens-int16x8",
    ),
    "edge/convert/quantization/test_sixteen_bits.py::test_data_half_as_large_again_is_not_clipped": (),
    "edge/convert/quantization/test_sums.py::test_an_lstm_whose_output_is_added_to_keeps_its_range": (),
    "edge/convert/test_activations.py::test_a_function_of_the_users_is_not_taken_for_its_namesake": (),
    "edge/convert/test_activations.py::test_what_is_fused_is_right": (
        "standard-relu-dynamic",
        "standard-relu-int8",
    ),
    "edge/convert/test_advice.py::test_int8_of_a_fused_lstm_on_a_processor": 3,
    "edge/convert/test_attention.py::test_a_file_that_is_no_step": ("luong-int8",),
    "edge/convert/test_attention.py::test_a_search_over_the_file_is_that_over_keras": (
        "bahdanau-None",
        "luong-int8",
    ),
    "edge/convert/test_attention.py::test_padding_is_masked_in_the_step_too": (),
    "edge/convert/test_attention.py::test_whole_answers_are_those_of_the_trained_model": (
        "bahdanau-None",
        "luong-int8",
    ),
    "edge/convert/test_batches.py::test_edge_model_takes_any_number_of_rows": ("13-7-",),
    "edge/convert/test_batches.py::test_one_at_a_time_is_the_same": (),
    "edge/convert/test_batches.py::test_rows_do_not_see_each_other": (),
    "edge/convert/test_batches.py::test_stateful_with_a_batch_carries_on": (),
    "edge/convert/test_batches.py::test_three_at_a_time": ("masked-int8",),
    "edge/convert/test_cells.py::test_a_cell_that_is_called_beside_its_layer": 3,
    "edge/convert/test_cells.py::test_a_convlstm_is_written_out": (),
    "edge/convert/test_cells.py::test_every_cell_takes_its_best_form": ("[mixed]", "[mask]"),
    "edge/convert/test_cells.py::test_in_other_numbers": (),
    "edge/convert/test_convert.py::test_a_call_knows_nothing_of_the_one_before": 3,
    "edge/convert/test_convert.py::test_carry_goes_on_where_the_last_call_ended": 3,
    "edge/convert/test_convert.py::test_every_field_of_a_spec": 2,
    "edge/convert/test_convert.py::test_float16_halves_the_weights": (),
    "edge/convert/test_convert.py::test_float_file_computes_what_keras_computes": 5,
    "edge/convert/test_convert.py::test_integer_file_is_within_three_percent": (
        "peephole-int8",
        "standard-dynamic",
    ),
    "edge/convert/test_encoders.py::test_integers_have_their_own_way": (),
    "edge/convert/test_encoders.py::test_the_state_is_that_of_the_last_word": ("litert-stock-dynamic",),
    "edge/convert/test_errors.py::test_an_interrupted_write_leaves_the_old_file": 2,
    "edge/convert/test_faults.py::test_two_processes_convert_to_one_path_and_to_their_own": (),
    "edge/convert/test_grid.py::test_cell": (
        "litert-stock-fused-reset-None",
        "litert-peephole-fused-carry-dynamic",
        "layer_norm-fused-explicit-None",
        "gru-unrolled-reset-int8",
    ),
    "edge/convert/test_grids.py::test_a_form_that_cannot_be_names_one_that_can": ("fused",),
    "edge/convert/test_grids.py::test_a_grid_computes_what_it_should": (
        "litert-peephole-unrolled-int16x8",
        "cifg-step-int8",
        "cifg-step-None",
    ),
    "edge/convert/test_known_operators.py::test_what_it_lacks_is_written_as_what_it_has": 5,
    "edge/convert/test_masks.py::test_fused_is_keras": 3,
    "edge/convert/test_masks.py::test_int8": (),
    "edge/convert/test_masks.py::test_step": (),
    "edge/convert/test_masks.py::test_unrolled": (),
    "edge/convert/test_models.py::test_a_number_for_each_step_is_added_and_no_bias": 2,
    "edge/convert/test_models.py::test_float": ("[shared]", "[nested]"),
    "edge/convert/test_models.py::test_int8": ("[shared]",),
    "edge/convert/test_models.py::test_several_inputs_and_outputs": (),
    "edge/convert/test_models.py::test_subclassed_with_a_free_length": (),
    "edge/convert/test_models.py::test_the_model_is_as_it_was": (),
    "edge/convert/test_models.py::test_tokens": ("int8",),
    "edge/convert/test_models.py::test_tokens_of_a_subclassed_model": (),
    "edge/convert/test_precision.py::test_other_precisions": (),
    "edge/convert/test_raw_errors.py::test_one_sentence_and_a_way_out": 3,
    "edge/convert/test_shared_weights.py::test_a_shared_gru_too": (),
    "edge/convert/test_shared_weights.py::test_weights_lie_in_the_file_once": ("twins-int8",),
    "edge/convert/test_softplus.py::test_of_large_numbers_it_is_finite": 3,
    "edge/convert/test_state_ends.py::test_chunks_are_the_whole": ("other_cells-dynamic-step",),
    "edge/convert/test_stateful.py::test_nobody_has_to_ask_for_the_state_to_go_on": (),
    "edge/convert/test_stateful.py::test_stateful_goes_on": 3,
    "edge/convert/test_stateful.py::test_where_nothing_carries_a_state_the_way_out_does": (),
    "edge/convert/test_states.py::test_states_of_a_model": ("encoder_decoder-int8", "both_ways-None"),
    "edge/convert/test_targets.py::test_compiled_model_runs_plain_operators": 2,
    "edge/convert/test_targets.py::test_every_target_takes_either_cell_in_int8": (
        "peephole-microcontroller",
        "peephole-compiled",
    ),
    "edge/convert/test_targets.py::test_int8_layer_norm_is_refused_on_32_bit_arm": (),
    "edge/convert/test_targets.py::test_micro_computes_what_keras_computes": ("standard-int8",),
    "edge/convert/test_targets.py::test_micro_needs_a_length_except_for_streams": (),
    "edge/convert/test_targets.py::test_micro_streams_with_the_states_in_the_callers_hands": ("int8",),
    "edge/convert/test_targets.py::test_types_of_the_ends": 3,
    "edge/convert/test_time_distributed.py::test_an_inner_lstm_is_fused_and_starts_anew_in_a_stream": (),
    "edge/convert/test_time_distributed.py::test_the_file_is_what_keras_computes_step_by_step": (
        "nested-int8-4",
        "masked-None-1",
    ),
    "edge/convert/test_traps.py::test_a_kernel_of_zeros": (),
    "edge/convert/test_traps.py::test_a_recording_that_ends_at_rest": (),
    "edge/convert/test_traps.py::test_a_softmax_over_many_classes_is_noted": (),
    "edge/convert/test_traps.py::test_an_output_with_a_scale_of_another": (),
    "edge/convert/test_traps.py::test_final_states_wait_for_the_operator": (),
    "edge/convert/test_traps.py::test_hidden_states_have_zero_point_zero": (),
    "edge/convert/test_traps.py::test_integer_peepholes_with_a_projection": (),
    "edge/convert/test_traps.py::test_large_dense_layers_load_everywhere": (),
    "edge/convert/test_traps.py::test_masked_scores_leave_room_for_the_others": (),
    "edge/convert/test_traps.py::test_steps_of_the_cell_that_the_kernel_knows": (),
    "edge/convert/test_traps.py::test_the_largest_cell_is_that_of_any_step": (),
    "edge/convert/test_traps.py::test_without_the_reset_a_call_remembers_the_last": ("tflite-runtime-False",),
    "edge/convert/test_user_model.py": (),
    "edge/convert/test_user_model.py::test_from_its_file_on_the_command_line": (),
    "edge/convert/test_user_model.py::test_int8_is_as_near_as_for_other_models": (),
    "edge/convert/test_volumes.py::test_every_pooling_over_volumes": 4,
    "edge/convert/test_ways_out.py::test_many_steps_are_built_anew_and_convert_one_at_a_time": (),
    "edge/convert/test_ways_out.py::test_the_first_way_out_gives_a_file": ("[stateful-",),
    "edge/convert/verification/test_beyond.py::test_data_as_long_as_in_use_is_the_way_out": (),
    "edge/convert/verification/test_beyond.py::test_others_of_the_same_kind_refuse_a_file": (),
    "edge/convert/verification/test_coarse_weights.py::test_a_file_that_drifts_says_so_with_figures": (),
    "edge/convert/verification/test_coarse_weights.py::test_an_infinite_model_is_looked_at_before": (),
    "edge/convert/verification/test_coarse_weights.py::test_other_lengths_are_judged_by_that_model": 2,
    "edge/convert/verification/test_float_form.py::test_a_graph_that_is_a_little_wrong_is_refused": 2,
    "edge/convert/verification/test_float_form.py::test_a_model_whose_rows_depend_on_each_other": (),
    "edge/convert/verification/test_long_streams.py::test_a_long_stream": (),
    "edge/convert/verification/test_outputs.py::test_the_numbers_of_files_without_a_note": (),
    "edge/convert/verification/test_streams.py::test_a_convolution_before_a_stream_is_noted": 2,
    "edge/convert/verification/test_streams.py::test_a_convolution_in_blocks": 2,
    "edge/convert/verification/test_streams.py::test_keras_call_by_call_is_keras": 2,
    "edge/convert/verification/test_streams.py::test_the_ranges_are_those_of_a_stream": 3,
    "edge/convert/verification/test_verifier.py::test_accuracy_and_decisions": (),
    "edge/convert/verification/test_verifier.py::test_quantized_files_have_their_own_tolerance": (),
    "edge/convert/verification/test_verifier.py::test_the_streamed_keras_is_keras": (),
    "edge/convert/verification/test_ways_out.py::test_a_softmax_over_thousands": (),
    "edge/convert/verification/test_ways_out.py::test_a_step_in_8_bits_names_16": (),
    "edge/convert/verification/test_ways_out.py::test_an_output_that_varies_by_roundings_alone": ("int8",),
    "edge/convert/verification/test_ways_out.py::test_small_answers_in_half_precision": ("1e-07-",),
    "edge/convert/verification/test_ways_out.py::test_the_way_out_is_one_that_leads_out": (),
    "edge/devices/test_android_class.py": (),
    "edge/devices/test_c_array.py::test_any_name_becomes_an_identifier": (),
    "edge/devices/test_c_array.py::test_labels_and_normalization": (),
    "edge/inspection/test_arena.py::test_the_shapes_are_those_of_the_runtime": (),
    "edge/inspection/test_verdicts.py::test_recurrent_layers_of_others_are_recognised": 3,
    "edge/inspection/test_versions.py::test_the_table_of_versions_is_that_of_the_runtime": (),
    "edge/report/test_pages.py::test_of_thousands_a_picture_shows_the_best_and_says_so": (),
    "edge/report/test_report.py::test_many_files_and_platforms_are_drawn": (),
    "edge/runtime/test_acceleration.py::test_every_kind_of_session_gives_what_the_runtime_gives": (),
    "edge/runtime/test_copies.py::test_a_fork_in_the_middle_of_predict": (),
    "edge/runtime/test_explicit.py::test_every_file_gives_what_keras_gives_for_the_whole_sequence": (
        "[step]",
        "[batch]",
    ),
    "edge/runtime/test_explicit.py::test_integer_states": ("step_int8",),
    "edge/runtime/test_normalization.py::test_a_normalization_that_fits_no_input_or_two_is_not_guessed": (),
    "edge/runtime/test_normalization.py::test_of_several_inputs_the_one_that_fits_is_scaled": (),
    "edge/runtime/test_stream_form.py::test_inputs_with_different_numbers_of_steps": (),
    "edge/tflite/test_checks.py::test_files_that_run_are_taken": (),
    "edge/tflite/test_fuzz.py::test_damage_is_refused_or_harmless": 4,
    "edge/tflite/test_sense.py::test_what_ended_a_process_is_one_sentence": 2,
    "edge/web/test_page.py::test_a_benchmark_without_a_hand": (),
    "examples/language_model/test_keyboard.py::test_a_file_in_a_stream_says_what_keras_says": (),
    "examples/language_model/test_margin.py::test_the_loss_is_the_one_of_the_equation": ("cifg",),
    "examples/language_model/test_page.py::test_fingers_type_and_take_suggestions": ("explicit",),
    "examples/language_model/test_page.py::test_it_fits_a_phone": ("explicit",),
    "examples/language_model/test_page.py::test_it_offers_what_python_offers": ("explicit",),
    "examples/language_model/test_page.py::test_it_reads_texts_as_python_does": ("explicit",),
    "examples/language_model/test_page.py::test_words_are_read_once": ("explicit",),
    "examples/pronunciation/test_judging.py::test_many_words_at_once_are_read_as_each_alone": ("3",),
    "examples/pronunciation/test_judging.py::test_training_goes_on_where_it_was_cut_off": (),
    "examples/search_space/test_search_space.py::test_a_training_is_that_of_its_seed_and_rate": (),
    "examples/search_space/test_search_space.py::test_the_variant_without_a_fast_path_trains_too": (),
    "examples/test_common.py::test_files_of_every_kind_answer_as_the_model_does": (),
    "examples/test_minimal_pairs.py::test_a_keras_model_and_its_file_are_asked_alike": (),
    "examples/timing/test_timing.py::test_a_crowd_says_what_its_networks_say": (),
    "examples/timing/test_timing.py::test_a_network_learns_in_a_crowd_what_it_learns_alone": (),
    "examples/grid/test_grid_example.py::test_the_networks_have_one_size": ("tied",),
    "keras_lstm_plus/interop/test_keras.py::test_from_keras_carries_everything": (),
    "keras_lstm_plus/interop/test_models.py::test_a_model_that_is_being_trained_goes_on": (),
    "keras_lstm_plus/interop/test_models.py::test_there_and_back": ("shared_and_nested",),
    "keras_lstm_plus/interop/test_models.py::test_weight_files_go_both_ways": 3,
    "keras_lstm_plus/test_cudnn.py::test_it_is_what_the_loop_computes": (
        "[plain-no mask-eager",
        "[plain-left-graph",
        "[go_backwards-padded-graph",
        "[return_sequences-empty-graph",
        "[zero_output_for_mask-return_sequences-padded-eager",
    ),
    "keras_lstm_plus/test_derivatives.py::test_a_loop_of_steps_can_be_differentiated_forwards_in_a_graph": (),
    "keras_lstm_plus/test_derivatives.py::test_every_variant": 3,
    "keras_lstm_plus/test_derivatives.py::test_wherever_it_is_computed": 2,
    "keras_lstm_plus/test_dropin.py::test_bidirectional": 2,
    "keras_lstm_plus/test_dropin.py::test_fit_with_and_without_xla": ("True-peephole",),
    "keras_lstm_plus/test_dropin.py::test_mixed_precision": 2,
    "keras_lstm_plus/test_gradient_penalty.py": (),
    "keras_lstm_plus/test_grid_lstm.py::test_it_trains_and_comes_back": (),
    "keras_lstm_plus/test_layer.py::test_the_cell_rides_in_keras_rnn_and_learns": (),
    "keras_lstm_plus/test_layer.py::test_values_and_gradients_are_those_of_keras": 2,
    "keras_lstm_plus/test_saved.py::test_a_process_that_has_not_imported_the_package_is_told_the_class": (),
    "keras_lstm_plus/test_saved.py::test_a_training_resumed_is_a_training_that_went_on": 4,
    "keras_lstm_plus/test_shapes.py::test_every_variant_knows_them": ("peephole", "layer_norm"),
    "keras_lstm_plus/test_shapes.py::test_layers_behind_it_compute_as_behind_keras": ("TimeDistributed",),
    "keras_lstm_plus/test_shapes.py::test_shapes_are_those_of_keras": ("[{}-",),
    "keras_lstm_plus/test_variants.py::test_compiled_and_shared_out_it_is_the_same": (),
    "keras_lstm_plus/test_variants.py::test_gradients_are_finite_differences_of_the_oracle": 2,
    "keras_lstm_plus/test_variants.py::test_the_fast_path_is_autodiff_of_the_portable_one": 6,
    "keras_lstm_plus/test_variants.py::test_values_are_the_oracle": 2,
    "lottery/test_lottery.py::test_a_file_of_another_network_is_seen": (),
    "lottery/test_lottery.py::test_nothing_is_silently_wrong": ("int8",),
    "native/test_delegate.py::test_a_file_that_carries_on_remembers_the_same": 2,
    "native/test_delegate.py::test_both_directions_below_another_layer": 2,
    "native/test_delegate.py::test_interpreters_in_threads": 3,
    "native/test_delegate.py::test_states_that_are_inputs_and_outputs": 2,
    "native/test_grid.py::test_cell": (
        "[peephole-fused-explicit-int8]",
        "[peephole-fused-carry-dynamic]",
        "[peephole+cifg+layer_norm-fused",
    ),
    "native/test_variants.py::test_every_layer": 3,
    "native/test_wheels.py::test_with_a_compiler_the_engine_is_in_the_wheel": (),
    "zoo/test_engine.py::test_the_engine_says_what_keras_says": (
        "[keras_weather-float]",
        "[hello_edge_lstm-int8]",
    ),
    "zoo/test_zoo.py::test_a_slice_of_it": ("pos_tagger_masked",),
}


def wide_among(nodes: Iterable[str]) -> set[str]:
    """Those of the ids of tests, as pytest writes them, that `make test` leaves out."""
    found, count = set(), Counter[str]()
    for node in nodes:
        name, bracket, case = node.removeprefix("tests/").partition("[")
        fast = FAST_CASES.get(name, FAST_CASES.get(name.partition("::")[0]))
        if isinstance(fast, int):
            is_wide = count[name] % fast > 0
            count[name] += 1
        else:
            is_wide = fast is not None and not any(fragment in bracket + case for fragment in fast)
        if is_wide:
            found.add(node)
    return found


def left_to_test_all(wide: Iterable[str]) -> set[str]:
    """Two of three cases of a grid: their neighbour, of the same kinds in other company, is in CI."""
    found, count = set(), Counter[str]()
    for node in wide:
        name = node.partition("[")[0]
        count[name] += 1
        if count[name] % 3 != 1:
            found.add(node)
    return found

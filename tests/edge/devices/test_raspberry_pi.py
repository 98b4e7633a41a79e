"""The programs for a device, run as a person runs them, and their parts."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.devices.raspberry_pi.classify import Classifier
from edge.devices.raspberry_pi.readings import paced, read_samples
from edge.devices.raspberry_pi.sensors import MPU6050, replay, samples
from tests.helpers.block_files import block_file
from tests.helpers.device_files import model_file, sequences
from tests.helpers.explicit_files import LABELS, NORMALIZATION, expected, explicit_file
from tests.helpers.places import ROOT
from tests.house.test_device_half import BLOCK, WORKSTATION

BANNED = (*WORKSTATION, "rich", "matplotlib", "smbus2")


def program(name: str, *arguments: object, text: str = "") -> subprocess.CompletedProcess[str]:
    """`python -m edge.devices.raspberry_pi.NAME`, where only numpy and a runtime can be imported."""
    module = f"edge.devices.raspberry_pi.{name}"
    code = f"import runpy; sys.argv[0] = 'x'; runpy.run_module({module!r}, run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", BLOCK.format(banned=BANNED) + code, *map(str, arguments)],
        input=text,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


def as_text(x: np.ndarray) -> str:
    return "\n".join(",".join(str(float(value)) for value in row) for row in x)


def test_a_stream_from_stdin_says_what_keras_says() -> None:
    x = 3 * sequences(2, seed=4)
    raw = x * NORMALIZATION["std"][0] + NORMALIZATION["mean"][0]  # as a sensor gives it
    done = program(
        "stream", explicit_file("noted"), text=f"a,b,c,d,e,f\n{as_text(raw[0])}\n\n{as_text(raw[1])}\n"
    )
    assert done.returncode == 0, done.stderr
    wanted = expected(x)[0].reshape(-1, len(LABELS))
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [int(line[0]) for line in lines] == list(range(len(wanted)))
    assert [line[1] for line in lines] == [LABELS[row.argmax()] for row in wanted]
    assert len({line[1] for line in lines}) > 1
    np.testing.assert_allclose([float(line[2]) for line in lines], wanted.max(axis=-1), atol=6e-4)
    assert all(float(line[3]) > 0 and line[4] == "us" for line in lines)
    assert done.stderr.splitlines()[-1].startswith(f"{len(wanted)} samples, ")


def test_a_stream_of_blocks_says_what_keras_says_of_every_sample(tmp_path: Path) -> None:
    x = sequences(1, 13, seed=4)
    raw = x * NORMALIZATION["std"][0] + NORMALIZATION["mean"][0]
    path = tmp_path / "samples.csv"
    path.write_text(as_text(raw[0, :7]) + "\n\n" + as_text(raw[0]))  # a reset in the middle of a block
    done = program("stream", block_file("noted"), path, "--rate", 1000)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [int(line[0]) for line in lines] == [*range(5), *range(7, 17)], done.stderr
    wanted = np.concatenate([expected(x[:, :5])[0][0], expected(x[:, :10])[0][0]])
    assert [line[1] for line in lines] == [LABELS[row.argmax()] for row in wanted]
    np.testing.assert_allclose([float(line[2]) for line in lines], wanted.max(axis=-1), atol=6e-4)
    assert done.stderr.splitlines()[-1].startswith("3 blocks of 5 samples, ")
    assert "of the time between two blocks" in done.stderr


def test_from_a_file_at_a_pace_and_every_third(tmp_path: Path) -> None:
    path = tmp_path / "samples.csv"
    path.write_text(as_text(sequences(1)[0]))
    done = program("stream", model_file("carry"), path, "--rate", 100, "--every", 3)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["0", "3", "6", "9"]
    assert "10 samples" in done.stderr
    assert "% of the time between two samples" in done.stderr


def test_a_recording_in_place_of_the_sensor(tmp_path: Path) -> None:
    path = tmp_path / "recording.txt"
    path.write_text(as_text(sequences(1)[0]).replace(",", " "))
    done = program("sensor", model_file("carry"), "--replay", path, "--rate", 500)
    assert len(done.stdout.splitlines()) == 10, done.stderr


def test_who_stops_reading_is_no_error() -> None:
    text = as_text(np.tile(sequences(1)[0], (300, 1)))
    command = f"{sys.executable} -m edge.devices.raspberry_pi.stream {model_file('carry')} | head -2"
    done = subprocess.run(command, shell=True, input=text, capture_output=True, text=True, cwd=ROOT)
    assert len(done.stdout.splitlines()) == 2
    assert "Error" not in done.stderr


@pytest.mark.parametrize(
    ("name", "arguments", "text", "message"),
    [
        ("stream", ("carry",), "1,2,3,4,5,6\n1,2,x,4,5,6\n", "Error: stdin, line 2: 'x' is no number."),
        ("stream", ("carry",), "1,2,3\n", "has shape [6], received [3]"),
        ("stream", ("carry",), "1,2,3,4,5,nan\n", "Error: "),
        ("stream", ("reset",), "1,2,3,4,5,6\n", 'Convert the model with state="carry"'),
        ("stream", ("carry", "absent.csv"), "", "absent.csv"),
        ("sensor", ("carry", "--sensor", "mpu6050"), "", "Error: The I2C bus needs one more package"),
        ("sensor", ("carry", "--replay", "x", "--rate", "0"), "", "'0' is no rate"),
    ],
)
def test_errors_are_a_sentence(name: str, arguments: tuple[str, ...], text: str, message: str) -> None:
    done = program(name, model_file(arguments[0]), *arguments[1:], text=text)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_lines_of_text() -> None:
    read = list(read_samples(["# made by hand", "x; y", "1;2", "", "3\t-4e1", "5  6\n"], "text"))
    assert [None if x is None else x.tolist() for x in read] == [[1, 2], None, [3, -40], [5, 6]]
    with pytest.raises(ValueError, match="text, line 3 has 3 numbers, and the lines before have 2"):
        list(read_samples(["1,2", "3,4", "5,6,7"], "text"))
    assert list(read_samples([], "text")) == []


def test_lines_are_read_as_they_come() -> None:
    def endless() -> Iterator[str]:
        while True:
            yield "1,2"

    assert len(list(islice(read_samples(endless(), "text"), 5))) == 5


def test_the_pace_holds_and_catches_up() -> None:
    now, naps = 0.0, []

    def sleep(seconds: float) -> None:
        nonlocal now
        naps.append(seconds)
        now += seconds

    def clock() -> float:
        return now

    seen = []
    for number, _ in enumerate(paced([np.zeros(1)] * 6, 10.0, clock, sleep)):
        seen.append(now)
        now += 0.25 if number == 1 else 0.01  # one that takes long
    np.testing.assert_allclose(seen, [0, 0.1, 0.35, 0.36, 0.4, 0.5])
    assert min(naps) > 0


class Registers:
    """An MPU-6050 as its data sheet has it, behind what `smbus2.SMBus` offers."""

    def __init__(self, identity: int = 0x68) -> None:
        self.memory = bytearray(128)
        self.memory[0x75], self.memory[0x6B] = identity, 0x40  # it starts asleep

    def read_byte_data(self, address: int, register: int) -> int:
        if address != 0x68:
            raise OSError(121, "Remote I/O error")
        return self.memory[register]

    def write_byte_data(self, address: int, register: int, value: int) -> None:
        self.memory[register] = value

    def read_i2c_block_data(self, address: int, register: int, length: int) -> list[int]:
        values = struct.pack(">7h", 16384, -8192, 0, 1234, 131, -262, 32767)
        self.memory[0x3B : 0x3B + 14] = bytes(14) if self.memory[0x6B] & 0x40 else values
        return list(self.memory[register : register + length])


def test_the_motion_sensor_in_its_units() -> None:
    sensor = MPU6050(rate_hz=1000, bus=Registers())
    wanted = [1, -0.5, 0, 1, -2, 32767 / 131]
    for sample in islice(samples(sensor), 3):
        assert sample.dtype == np.float32
        np.testing.assert_allclose(sample, wanted, rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bus": Registers(0x71)}, "no MPU-6050 at address 0x68 .*calls itself 0x71"),
        ({"bus": Registers(), "address": 0x69}, "no MPU-6050 at address 0x69 .*i2cdetect"),
    ],
)
def test_no_such_sensor(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(OSError, match=message):
        MPU6050(**arguments)


def test_a_sensor_through_a_model(tmp_path: Path) -> None:
    recording = tmp_path / "x.csv"
    recording.write_text(as_text(np.tile([1, -0.5, 0, 1, -2, 32767 / 131], (4, 1))))
    live = [
        step.output
        for step in Classifier(model_file("carry")).run(islice(samples(MPU6050(1000, Registers())), 4))
    ]
    replayed = [step.output for step in Classifier(model_file("carry")).run(replay(recording, 1000))]
    np.testing.assert_allclose(live, replayed, rtol=1e-5, atol=1e-6)
    assert np.abs(live[0] - live[1]).max() > 0  # the state goes on

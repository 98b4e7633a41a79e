"""Sensors as iterators of samples. To add one: a class with `rate_hz` and `read`, and a line in `SENSORS`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from edge.aliases import Array
from edge.devices.raspberry_pi.readings import paced, read_samples


class Sensor(Protocol):
    """What a sensor has to do.

    Attributes:
        rate_hz: samples a second, as the model was trained on.
    """

    rate_hz: float

    def read(self) -> Array:
        """The sample of this moment, `[features]`, in the units and the order that the model knows."""
        ...


class MPU6050:
    """The common six-axis motion sensor, on the I2C bus of a Raspberry Pi (pins 3 and 5).

    A sample is the acceleration x, y, z in g, then the rate of turn x, y, z in degrees a second.

    Args:
        rate_hz: samples a second.
        bus: number of the bus, or an open one: what `smbus2.SMBus` can do.
        address: 0x68, or 0x69 with the pin AD0 high.

    Raises:
        ImportError: smbus2 is not installed.
        OSError: no bus, or no such sensor on it.
    """

    WAKE, WHO_AM_I, DATA = 0x6B, 0x75, 0x3B
    PER_G, PER_DEGREE = 16384.0, 131.0  # at the ranges it starts with: 2 g and 250 degrees a second

    def __init__(self, rate_hz: float = 50.0, bus: Any = 1, address: int = 0x68) -> None:
        self.rate_hz, self._bus, self._address = rate_hz, _open(bus), address
        try:
            found = self._bus.read_byte_data(address, self.WHO_AM_I)
            if found != 0x68:  # whatever its address
                raise OSError(f"the device there calls itself {found:#04x}, an MPU-6050 0x68")
            self._bus.write_byte_data(address, self.WAKE, 0)
        except OSError as error:
            raise OSError(
                f"There is no MPU-6050 at address {address:#04x} ({error}). Look for it with i2cdetect -y 1."
            ) from None

    def read(self) -> Array:
        """`[6]`: acceleration and rate of turn."""
        raw = bytes(self._bus.read_i2c_block_data(self._address, self.DATA, 14))
        words = np.frombuffer(raw, ">i2").astype(np.float32)  # the fourth is the temperature
        return np.concatenate([words[:3] / self.PER_G, words[4:] / self.PER_DEGREE]).astype(np.float32)


def samples(sensor: Sensor) -> Iterator[Array]:
    """Samples of a sensor, at its rate, without end."""

    def ticks() -> Iterator[Array]:
        while True:
            yield np.empty(0)

    for _ in paced(ticks(), sensor.rate_hz):
        yield sensor.read()


def replay(path: Path, rate_hz: float) -> Iterator[Array | None]:
    """A recording, a sample a line, as if a sensor measured it now: to try a device without the sensor."""
    with path.open(encoding="utf-8-sig") as lines:
        yield from paced(read_samples(lines, str(path)), rate_hz)


SENSORS: dict[str, type[Sensor]] = {"mpu6050": MPU6050}


def _open(bus: Any) -> Any:
    if not isinstance(bus, int):
        return bus
    try:
        from smbus2 import SMBus
    except ImportError:
        raise ImportError("The I2C bus needs one more package: pip install smbus2") from None
    try:
        return SMBus(bus)
    except OSError as error:
        raise OSError(
            f"The I2C bus {bus} cannot be opened ({error}). Switch it on: sudo raspi-config nonint do_i2c 0"
        ) from None

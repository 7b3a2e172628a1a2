"""Published lines that several tests compare with: GNPy 3.0.1 (Telecominfraproject/oopt-gnpy), worst channel, 0.1 nm.

Transceiver, amplifier, then spans, each with an amplifier of noise figure 5 dB behind it; no ROADM, 0.2 dB/km of
standard fiber (D 16.7 ps/nm/km, 83 um2), 0.5 + 0.5 dB of connectors per span.
"""

Row = tuple[float, int, float, float, int, float, float, float, float]

GOLDEN: list[Row] = [
    # spacing GHz, channels, GBd, dBm per channel, spans, km per span, OSNR, GSNR, GSNR with a transmitter of 37 dB
    (75, 64, 59.84, 0, 1, 80, 35.81, 34.87, 32.80),
    (75, 64, 59.84, 0, 1, 120, 27.88, 27.72, 27.24),
    (75, 64, 59.84, 0, 6, 80, 28.09, 27.13, 26.71),
    (75, 64, 59.84, 0, 10, 100, 21.88, 21.46, 21.34),
    (75, 64, 60.14, 1, 6, 80, 29.09, 27.35, 26.90),
    (150, 32, 118.2, 4, 1, 80, 39.68, 37.93, 34.43),
    (150, 32, 118.2, 4, 5, 100, 28.88, 28.04, 27.52),
]
